/* DEVICE_NAME as a command: ./device MODEL INPUTS OUTPUTS [--bug]. It reads 0.bin, 1.bin, ... */

#include <stdio.h>
#include <stdlib.h>

#include "device.h"

enum { MAX_PATH = 4096, MAX_INPUTS = 16 };

static uint8_t *whole(const char *path) {
  FILE *file = fopen(path, "rb");
  long size;
  uint8_t *data;
  if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) return NULL;
  rewind(file);
  data = malloc((size_t)size + 1);
  if (data && fread(data, 1, (size_t)size, file) != (size_t)size) exit(2);
  fclose(file);
  return data;
}

int main(int argc, char **argv) {
  static Device device;
  char path[MAX_PATH];
  uint8_t *inputs[MAX_INPUTS];
  int count = 0, bug = argc > 4 && strcmp(argv[4], "--bug") == 0;
  uint8_t *model = argc > 3 ? whole(argv[1]) : NULL;
  if (!model) return fprintf(stderr, "usage: device MODEL INPUTS OUTPUTS [--bug]\n"), 2;
  for (; count < MAX_INPUTS; count++) {
    snprintf(path, sizeof path, "%s/%d.bin", argv[2], count);
    if (!(inputs[count] = whole(path))) break;
  }
  const char *reason = run(&device, model, inputs, count, bug);
  if (reason) return fprintf(stderr, "%s\n", reason), 1;
  for (int i = 0; i < device.tensors; i++) {
    if (!device.made[i]) continue;
    snprintf(path, sizeof path, "%s/t%d.bin", argv[3], i);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(device.made[i], 1, device.tensor[i].elements, file) < device.tensor[i].elements)
      return fprintf(stderr, "cannot write %s\n", path), 2;
    fclose(file);
  }
  release(&device);
  for (int i = 0; i < count; i++) free(inputs[i]);
  free(model);
  return 0;
}
