/* DEVICE_NAME behind a pipe: ./device [--bug]. stdout belongs to the protocol. */

#include <stdio.h>
#include <stdlib.h>

#include "device.h"

enum { MAX_LINE = 4096, MAX_INPUTS = 16 };

static void *must(void *memory) {
  if (!memory) exit(3);
  return memory;
}

static uint8_t *bytes(size_t size) {
  uint8_t *data = must(malloc(size + 1));
  if (fread(data, 1, size, stdin) != size) exit(2);
  return data;
}

static void answer(unsigned long number, const Device *device) {
  int count = 0;
  for (int i = 0; i < device->tensors; i++) count += device->made[i] != NULL;
  printf("ok %lu %d\n", number, count);
  for (int i = 0; i < device->tensors; i++) {
    const Tensor *t = &device->tensor[i];
    if (!device->made[i]) continue;
    printf("tensor t%d int8 %s", i, t->rank ? "" : "-");
    for (int d = 0; d < t->rank; d++) printf("%s%ld", d ? "x" : "", (long)t->shape[d]);
    printf(" %lu\n", (unsigned long)t->elements);
    fwrite(device->made[i], 1, t->elements, stdout);
  }
  printf("end %lu\n", number);
}

int main(int argc, char **argv) {
  static Device device;
  char line[MAX_LINE];
  uint8_t *model = NULL, *inputs[MAX_INPUTS];
  int bug = argc > 1 && strcmp(argv[1], "--bug") == 0;
  printf("refint8-pipe 1 DEVICE_NAME in C\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    unsigned long number, size;
    int count;
    if (sscanf(line, "model %lu", &size) == 1) {
      free(model);
      model = bytes(size);
      continue;
    }
    /* "stream" asks for the state of the run before, "inner" for all tensors: neither matters. */
    if (sscanf(line, "run %lu %*s %*s %d", &number, &count) != 2) return 2;
    if (count < 0 || count > MAX_INPUTS) return 2;
    for (int i = 0; i < count; i++) {
      if (!fgets(line, sizeof line, stdin)) return 2;
      if (sscanf(line, "tensor %*s %*s %*s %lu", &size) != 1) return 2;
      inputs[i] = bytes(size);
    }
    const char *reason = model ? run(&device, model, inputs, count, bug) : "there is no model";
    if (reason)
      printf("refused %lu %s\n", number, reason);
    else
      answer(number, &device);
    fflush(stdout);
    release(&device);
    for (int i = 0; i < count; i++) free(inputs[i]);
  }
  free(model);
  return 0;
}
