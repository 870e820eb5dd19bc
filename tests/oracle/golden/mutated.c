/* Reads damaged copies of a bundle: `mutated golden.bin COUNT`. A sanitizer watches every access. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 1;

static uint32_t random_below(uint32_t bound) {
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)state * bound) >> 32);
}

static uint32_t read_all(const uint8_t *bytes, size_t size, uint32_t *refused) {
  golden_bundle bundle;
  uint32_t sum = 0;
  if (!golden_open(&bundle, bytes, size)) {
    ++*refused;
    return 0;
  }
  const uint32_t tensors = bundle.tensor_count < 99 ? bundle.tensor_count : 99;
  for (uint32_t position = 0; position < tensors; ++position) {
    golden_tensor tensor;
    const uint8_t *data;
    uint32_t count;
    if (golden_describe(&bundle, position, &tensor)) {
      for (uint32_t i = 0; i <= tensor.name_length; ++i) sum += (uint8_t)tensor.name[i];
    }
    for (uint32_t sample = 0; sample < bundle.sample_count && sample < 9; ++sample) {
      if (!golden_data(&bundle, sample, position, &data, &count)) ++*refused;
      else for (uint32_t i = 0; i < count; ++i) sum += data[i];
    }
  }
  return sum;
}

int main(int count, char **arguments) {
  FILE *file = count == 3 ? fopen(arguments[1], "rb") : NULL;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return 2;
  const size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *original = malloc(size);
  if (original == NULL || fread(original, 1, size, file) != size) return 2;
  uint32_t sum = 0, refused = 0;
  for (int round = 0; round < atoi(arguments[2]); ++round) {
    const size_t kept = round % 4 ? size : random_below((uint32_t)size + 1);
    uint8_t *copy = malloc(kept ? kept : 1);
    if (copy == NULL) return 2;
    memcpy(copy, original, kept);
    for (uint32_t i = 0; kept && i < 1 + random_below(4); ++i) {
      static const uint8_t odd[] = {0, 1, 4, 0x7f, 0x80, 0xff};
      copy[random_below((uint32_t)kept)] = odd[random_below(6)];
    }
    sum += read_all(copy, kept, &refused);
    free(copy);
  }
  printf("%u refused, sum %u\n", refused, sum);
  free(original);
  fclose(file);
  return 0;
}
