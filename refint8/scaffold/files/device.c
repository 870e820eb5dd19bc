#include "device.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  int64_t mantissa;
  int exponent;
} Factor;

static Factor factor_of(double real) {
  Factor f;
  double fraction = frexp(real, &f.exponent);
  f.mantissa = (int64_t)floor(fraction * 2147483648.0 + 0.5);
  if (f.mantissa == (int64_t)1 << 31) {
    f.mantissa >>= 1;
    f.exponent++;
  }
  return f;
}

/* A rounded high half, then a rounded shift right. */
static int32_t scaled(int32_t total, Factor f, int bug) {
  if (f.exponent < -31) return 0;
  int left = f.exponent > 0 ? f.exponent : 0, right = f.exponent < 0 ? -f.exponent : 0;
  int64_t half = (int64_t)1 << 30, one = 1;
  int64_t product = total * (one << left) * f.mantissa;
  int64_t high = (product + (product >= 0 ? half : 1 - half)) / (one << 31);
  if (right == 0) return (int32_t)high;
  int64_t size = high < 0 ? -high : high;
  int64_t step = one << right;
  if (bug) return (int32_t)(high >= 0 ? size / step : -((size + step - 1) / step));
  size = (size + step / 2) / step;
  return (int32_t)(high < 0 ? -size : size);
}

static double scale(const Tensor *t, int channel) {
  int index = length(t->scales) > 1 ? channel : 0;
  return (double)f32(element(t->scales, index, 4));
}

static int8_t finished(int32_t total, Factor f, const Tensor *out, int activation, int bug) {
  int32_t zero = zero_point(out), lowest = activation == 1 && zero > -128 ? zero : -128;
  int32_t value = scaled(total, f, bug) + zero;
  return (int8_t)(value < lowest ? lowest : value > 127 ? 127 : value);
}

static int32_t bias(const uint8_t *values, int channel) {
  return values ? i32(values + 4 * channel) : 0;
}

static const char *conv_2d(Place options, const Tensor *x, const Tensor *w, const Tensor *out,
                           const int8_t *a, const int8_t *b, const uint8_t *c, int8_t *y, int bug) {
  int down = int_field(options, 2, 0), across = int_field(options, 1, 0);
  int activation = byte_field(options, 3), same = byte_field(options, 0) == 0;
  int rows = out->shape[1], columns = out->shape[2], channels = out->shape[3];
  int height = w->shape[1], width = w->shape[2], depth = w->shape[3];
  if (int_field(options, 4, 1) != 1 || int_field(options, 5, 1) != 1) return "CONV_2D: dilation";
  if (activation > 1) return "CONV_2D: this activation is not there";
  if (depth != x->shape[3]) return "CONV_2D: groups";
  int top = ((rows - 1) * down + height - x->shape[1]) / 2;
  int left = ((columns - 1) * across + width - x->shape[2]) / 2;
  if (!same || top < 0) top = 0;
  if (!same || left < 0) left = 0;
  for (int n = 0; n < out->shape[0]; n++)
    for (int k = 0; k < channels; k++) {
      Factor f = factor_of(scale(x, 0) * scale(w, k) / scale(out, 0));
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
          int32_t total = bias(c, k);
          for (int p = 0; p < height; p++)
            for (int q = 0; q < width; q++) {
              int row = i * down + p - top, column = j * across + q - left;
              if (row < 0 || row >= x->shape[1] || column < 0 || column >= x->shape[2]) continue;
              const int8_t *from = a + ((n * x->shape[1] + row) * x->shape[2] + column) * depth;
              const int8_t *by = b + ((k * height + p) * width + q) * depth;
              for (int d = 0; d < depth; d++) total += (from[d] - zero_point(x)) * by[d];
            }
          y[((n * rows + i) * columns + j) * channels + k] = finished(total, f, out, activation, bug);
        }
    }
  return NULL;
}

static const char *fully_connected(Place options, const Tensor *x, const Tensor *w,
                                   const Tensor *out, const int8_t *a, const int8_t *b,
                                   const uint8_t *c, int8_t *y) {
  int activation = byte_field(options, 0), channels = w->shape[0], depth = w->shape[1];
  if (activation > 1) return "FULLY_CONNECTED: this activation is not there";
  for (size_t i = 0; i < out->elements; i++) {
    int k = (int)(i % (size_t)channels);
    const int8_t *from = a + i / (size_t)channels * (size_t)depth;
    double product = scale(x, 0) * scale(w, k);
    if (length(w->scales) == 1) product = (double)(float)product; /* a float where there is one */
    int32_t total = bias(c, k);
    for (int d = 0; d < depth; d++)
      total += (from[d] - zero_point(x)) * (b[k * depth + d] - zero_point(w));
    y[i] = finished(total, factor_of(product / scale(out, 0)), out, activation, 0);
  }
  return NULL;
}

static const char *run_operator(Device *device, Place model, Place operation, int bug) {
  Place ins = follow(field(operation, 1)), outs = follow(field(operation, 2));
  Place options = follow(field(operation, 4));
  int index[3] = {-1, -1, -1}, result = i32(element(outs, 0, 4));
  for (int i = 0; i < length(ins) && i < 3; i++) index[i] = i32(element(ins, i, 4));
  const Tensor *x = &device->tensor[index[0] < 0 ? 0 : index[0]], *out = &device->tensor[result];
  const Tensor *w = &device->tensor[index[1] < 0 ? 0 : index[1]];
  const int8_t *a = index[0] < 0 ? NULL : (const int8_t *)device->value[index[0]];
  const int8_t *b = index[1] < 0 ? NULL : (const int8_t *)device->value[index[1]];
  const uint8_t *c = index[2] < 0 ? NULL : device->value[index[2]];
  int code = operator_code(model, operation);
  if (code != CONV_2D && code != FULLY_CONNECTED && code != RESHAPE)
    return "this operator is not there";
  if (x->type != TYPE_INT8 || out->type != TYPE_INT8) return "only int8 is there";
  if (!a || (code != RESHAPE && (!b || w->type != TYPE_INT8))) return "an input is missing";
  if (!(device->made[result] = malloc(out->elements + 1))) return "out of memory";
  device->value[result] = device->made[result];
  int8_t *y = (int8_t *)device->made[result];
  if (code == CONV_2D) return conv_2d(options, x, w, out, a, b, c, y, bug);
  if (code == FULLY_CONNECTED) return fully_connected(options, x, w, out, a, b, c, y);
  memcpy(y, a, out->elements);
  return NULL;
}

const char *run(Device *device, const uint8_t *model, uint8_t *const *inputs, int count, int bug) {
  memset(device, 0, sizeof *device);
  Place graph = subgraph(model), operators = follow(field(graph, 3));
  Place given = follow(field(graph, 1));
  int tensors = length(follow(field(graph, 0)));
  if (tensors > MAX_TENSORS) return "too many tensors";
  if (length(given) != count) return "another number of inputs";
  device->tensors = tensors;
  for (int i = 0; i < tensors; i++) {
    device->tensor[i] = tensor_of(model, i);
    device->value[i] = device->tensor[i].constant;
    if (device->tensor[i].rank > MAX_RANK) return "too many dimensions";
  }
  for (int i = 0; i < count; i++) device->value[i32(element(given, i, 4))] = inputs[i];
  for (int i = 0; i < length(operators); i++) {
    const char *reason = run_operator(device, model, table_of(operators, i), bug);
    if (reason) return reason;
  }
  return NULL;
}

void release(Device *device) {
  for (int i = 0; i < device->tensors; i++) free(device->made[i]);
  device->tensors = 0;
}
