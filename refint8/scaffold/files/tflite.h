/* Reads what a small device needs of a .tflite file. It trusts the file: check yours if you must. */

#ifndef TFLITE_H
#define TFLITE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TYPE_INT32 = 2, TYPE_INT8 = 9 };
enum { CONV_2D = 3, FULLY_CONNECTED = 9, RESHAPE = 22 };
enum { MAX_RANK = 6 };

typedef const uint8_t *Place; /* where in the file something is; NULL where it is absent */

typedef struct {
  int type, rank;
  int32_t shape[MAX_RANK];
  size_t elements;
  Place scales, zero_points; /* vectors, or NULL */
  Place constant;            /* the bytes of a constant, or NULL */
} Tensor;

static inline uint32_t u32(Place p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline int32_t i32(Place p) { return (int32_t)u32(p); }

static inline float f32(Place p) {
  uint32_t bits = u32(p);
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* A field of a table by its slot in the schema, NULL where it has its default. */
static inline Place field(Place table, int slot) {
  if (!table) return NULL;
  Place vtable = table - i32(table);
  int size = vtable[0] | vtable[1] << 8, at = 4 + 2 * slot;
  int offset = at < size ? vtable[at] | vtable[at + 1] << 8 : 0;
  return offset ? table + offset : NULL;
}

static inline int32_t int_field(Place table, int slot, int32_t otherwise) {
  Place p = field(table, slot);
  return p ? i32(p) : otherwise;
}

static inline int byte_field(Place table, int slot) {
  Place p = field(table, slot);
  return p ? (int8_t)*p : 0;
}

static inline Place follow(Place p) { return p ? p + u32(p) : NULL; }

/* A vector is its length, then its elements. */
static inline int length(Place vector) { return vector ? (int)u32(vector) : 0; }
static inline Place element(Place vector, int index, int size) { return vector + 4 + index * size; }
static inline Place table_of(Place vector, int index) { return follow(element(vector, index, 4)); }

static inline Place subgraph(Place model) {
  return table_of(follow(field(follow(model), 2)), 0);
}

static inline int operator_code(Place model, Place operation) {
  Place codes = follow(field(follow(model), 1));
  Place code = table_of(codes, int_field(operation, 0, 0));
  int32_t now = int_field(code, 3, 0);
  int before = byte_field(code, 0); /* where codes were kept when a byte was enough */
  return now > before ? now : before;
}

static inline Tensor tensor_of(Place model, int index) {
  Tensor t = {0};
  Place table = table_of(follow(field(subgraph(model), 0)), index);
  Place shape = follow(field(table, 0)), quantization = follow(field(table, 4));
  Place buffers = follow(field(follow(model), 4));
  Place data = follow(field(table_of(buffers, int_field(table, 2, 0)), 0));
  t.type = byte_field(table, 1);
  t.rank = length(shape);
  t.elements = 1;
  for (int i = 0; i < t.rank && i < MAX_RANK; i++) {
    t.shape[i] = i32(element(shape, i, 4));
    t.elements *= (size_t)t.shape[i];
  }
  t.scales = follow(field(quantization, 2));
  t.zero_points = follow(field(quantization, 3));
  t.constant = length(data) ? data + 4 : NULL;
  return t;
}

static inline int32_t zero_point(const Tensor *t) {
  return length(t->zero_points) ? i32(element(t->zero_points, 0, 8)) : 0;
}

#endif
