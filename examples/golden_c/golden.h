/* Reads golden.bin where it lies: in flash, in a mapped file, in an array linked into a program.
 *
 * C99, nothing but integers, no allocation, no alignment asked of the machine (of the bundle: its
 * first byte at a multiple of 16, if tensor data is to be). Every offset is checked before it is
 * followed, so that a damaged bundle is refused and not believed. Little-endian bytes are put
 * together one by one, which serves any machine; tensor data is little-endian as it lies there.
 *
 * schema/golden.fbs says what is in the tables, docs/GOLDEN.md what it means.
 */
#ifndef REFINT8_GOLDEN_H
#define REFINT8_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GOLDEN_FORMAT_VERSION 1u
#define GOLDEN_LARGEST 0x7fffffffu

typedef struct {
  const uint8_t *bytes;
  uint32_t size;
  uint32_t samples; /* position of the vector of samples' first element */
  uint32_t tensors; /* the same of the tensors */
  uint32_t sample_count;
  uint32_t tensor_count;
} golden_bundle;

typedef struct {
  int32_t index;     /* in subgraph 0 of the model */
  int32_t dtype;     /* TFLite's number: 9 is int8 */
  uint32_t role;     /* 0 inner, 1 input, 2 output of the model, 3 constant */
  int32_t operator_; /* that writes it last, -1 for inputs */
  const char *name;  /* of name_length bytes; a 0 follows */
  uint32_t name_length;
} golden_tensor;

/* All of these return false for a bundle that is damaged or of another format version, and for
 * positions that are out of range. Tensors are addressed by position, 0 to tensor_count - 1. */
static inline bool golden_open(golden_bundle *bundle, const void *bytes, size_t size);
static inline bool golden_describe(const golden_bundle *bundle, uint32_t position,
                                   golden_tensor *tensor);
static inline bool golden_data(const golden_bundle *bundle, uint32_t sample, uint32_t position,
                               const uint8_t **data, uint32_t *size);

/* --- FlatBuffers, as far as it is needed ------------------------------------------------------ */

static inline bool golden_inside_(const golden_bundle *b, uint32_t at, uint32_t size) {
  return at <= b->size && size <= b->size - at;
}

static inline bool golden_u32_(const golden_bundle *b, uint32_t at, uint32_t *value) {
  if (!golden_inside_(b, at, 4)) return false;
  const uint8_t *p = b->bytes + at;
  *value = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  return true;
}

static inline bool golden_u16_(const golden_bundle *b, uint32_t at, uint32_t *value) {
  if (!golden_inside_(b, at, 2)) return false;
  *value = (uint32_t)b->bytes[at] | (uint32_t)b->bytes[at + 1] << 8;
  return true;
}

/* Where the offset that lies at `at` leads: always forward. */
static inline bool golden_follow_(const golden_bundle *b, uint32_t at, uint32_t *to) {
  uint32_t distance;
  if (!golden_u32_(b, at, &distance) || distance > GOLDEN_LARGEST) return false;
  *to = at + distance; /* below 2^32: at < size <= 2^31 - 1 */
  return golden_inside_(b, *to, 4);
}

/* Where a table's field lies, 0 where it is absent and has its default. */
static inline bool golden_field_(const golden_bundle *b, uint32_t table, uint32_t slot,
                                 uint32_t width, uint32_t *at) {
  uint32_t back, vtable_size, offset;
  *at = 0;
  if (!golden_u32_(b, table, &back)) return false;
  const uint32_t vtable = table - back; /* modulo 2^32: the distance may be negative */
  if (!golden_u16_(b, vtable, &vtable_size)) return false;
  if (vtable_size < 4 || !golden_inside_(b, vtable, vtable_size)) return false;
  if (6 + 2 * slot > vtable_size) return true;
  if (!golden_u16_(b, vtable + 4 + 2 * slot, &offset)) return false;
  if (offset == 0) return true;
  if (!golden_inside_(b, table, offset) || !golden_inside_(b, table + offset, width)) return false;
  *at = table + offset;
  return true;
}

static inline bool golden_scalar_(const golden_bundle *b, uint32_t table, uint32_t slot,
                                  uint32_t width, uint32_t absent, uint32_t *value) {
  uint32_t at;
  if (!golden_field_(b, table, slot, width, &at)) return false;
  *value = absent;
  if (at == 0) return true;
  if (width == 4) return golden_u32_(b, at, value);
  *value = b->bytes[at];
  return true;
}

/* A vector's first element and length; 0 elements where the field is absent. */
static inline bool golden_vector_(const golden_bundle *b, uint32_t table, uint32_t slot,
                                  uint32_t width, uint32_t *first, uint32_t *count) {
  uint32_t at, start;
  *first = *count = 0;
  if (!golden_field_(b, table, slot, 4, &at)) return false;
  if (at == 0) return true;
  if (!golden_follow_(b, at, &start) || !golden_u32_(b, start, count)) return false;
  *first = start + 4;
  return *count <= (b->size - *first) / width;
}

/* --- Bundles -------------------------------------------------------------------------------- */

static inline bool golden_open(golden_bundle *b, const void *bytes, size_t size) {
  uint32_t root, version;
  if (size < 8 || size > GOLDEN_LARGEST) return false;
  b->bytes = (const uint8_t *)bytes;
  b->size = (uint32_t)size;
  if (b->bytes[4] != 'R' || b->bytes[5] != 'I' || b->bytes[6] != '8' || b->bytes[7] != 'G') {
    return false;
  }
  return golden_follow_(b, 0, &root) && golden_scalar_(b, root, 0, 4, 0, &version) &&
         version == GOLDEN_FORMAT_VERSION &&
         golden_vector_(b, root, 7, 4, &b->tensors, &b->tensor_count) &&
         golden_vector_(b, root, 9, 4, &b->samples, &b->sample_count);
}

static inline bool golden_describe(const golden_bundle *b, uint32_t position,
                                   golden_tensor *tensor) {
  uint32_t table, index, dtype, operator_, first;
  if (position >= b->tensor_count) return false;
  if (!golden_follow_(b, b->tensors + 4 * position, &table) ||
      !golden_scalar_(b, table, 0, 4, 0, &index) || !golden_scalar_(b, table, 2, 1, 0, &dtype) ||
      !golden_scalar_(b, table, 7, 1, 0, &tensor->role) ||
      !golden_scalar_(b, table, 8, 4, UINT32_MAX, &operator_) ||
      !golden_vector_(b, table, 1, 1, &first, &tensor->name_length)) {
    return false;
  }
  if (!golden_inside_(b, first, tensor->name_length + 1)) return false;
  tensor->index = index <= GOLDEN_LARGEST ? (int32_t)index : -1;
  tensor->operator_ = operator_ <= GOLDEN_LARGEST ? (int32_t)operator_ : -1;
  tensor->dtype = (int32_t)dtype;
  tensor->name = tensor->name_length ? (const char *)b->bytes + first : "";
  return true;
}

static inline bool golden_data(const golden_bundle *b, uint32_t sample, uint32_t position,
                               const uint8_t **data, uint32_t *size) {
  uint32_t table, tensors, count, entry, first;
  if (sample >= b->sample_count || position >= b->tensor_count) return false;
  if (!golden_follow_(b, b->samples + 4 * sample, &table) ||
      !golden_vector_(b, table, 0, 4, &tensors, &count) || position >= count ||
      !golden_follow_(b, tensors + 4 * position, &entry) ||
      !golden_vector_(b, entry, 0, 1, &first, size)) {
    return false;
  }
  *data = b->bytes + first;
  return true;
}

#endif
