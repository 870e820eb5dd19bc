/* DEVICE_NAME in C99: three int8 operators in whole numbers. */

#ifndef DEVICE_H
#define DEVICE_H

#include "tflite.h"

enum { MAX_TENSORS = 256 };

typedef struct {
  int tensors;
  Tensor tensor[MAX_TENSORS];
  const uint8_t *value[MAX_TENSORS]; /* inputs and constants belong to others */
  uint8_t *made[MAX_TENSORS];        /* what the operators wrote */
} Device;

/* Run the model; NULL when every tensor is there, else why not. Inputs are in the model's order.
   `bug` makes convolutions forget to round. Call `release` in any case. */
const char *run(Device *device, const uint8_t *model, uint8_t *const *inputs, int count, int bug);

void release(Device *device);

#endif
