/* Holds buffers that a device wrote against a golden bundle.
 *
 *   selfcheck golden.bin                            lists tensors: index, dtype, bytes, name
 *   selfcheck golden.bin SAMPLE INDEX=FILE ...      compares raw little-endian files with tensors
 *
 * Ends with 0 when all are equal, 1 when one differs, 2 when something cannot be read. On a target
 * without files, link golden.bin in and call golden_data and memcmp as `compare` does.
 */
#define _POSIX_C_SOURCE 200809L

#include "golden.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EQUAL = 0, DIFFERENT = 1, UNREADABLE = 2 };

/* Maps a file for reading; *size is 0 for an empty one, which has nothing to map. */
static const uint8_t *map(const char *path, size_t *size) {
  static const uint8_t nothing[1] = {0};
  struct stat status;
  const int file = open(path, O_RDONLY);
  if (file < 0) return NULL;
  const uint8_t *bytes = NULL;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    *size = (size_t)status.st_size;
    void *mapped = *size ? mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
    bytes = *size == 0 ? nothing : mapped == MAP_FAILED ? NULL : (const uint8_t *)mapped;
  }
  close(file);
  return bytes;
}

static int list(const golden_bundle *bundle) {
  printf("%" PRIu32 " samples, %" PRIu32 " tensors\n", bundle->sample_count, bundle->tensor_count);
  for (uint32_t position = 0; position < bundle->tensor_count; ++position) {
    golden_tensor tensor;
    const uint8_t *data;
    uint32_t size = 0;
    if (!golden_describe(bundle, position, &tensor)) return UNREADABLE;
    if (bundle->sample_count && !golden_data(bundle, 0, position, &data, &size)) return UNREADABLE;
    printf("%" PRId32 "  dtype %" PRId32 "  %" PRIu32 " bytes  %s\n", tensor.index, tensor.dtype,
           size, tensor.name);
  }
  return EQUAL;
}

static bool position_of(const golden_bundle *bundle, long index, uint32_t *position,
                        golden_tensor *tensor) {
  for (*position = 0; *position < bundle->tensor_count; ++*position) {
    if (!golden_describe(bundle, *position, tensor)) return false;
    if (tensor->index == index) return true;
  }
  return false;
}

static int compare(const golden_bundle *bundle, uint32_t sample, long index, const char *path) {
  uint32_t position, expected_size;
  golden_tensor tensor;
  const uint8_t *expected;
  if (!position_of(bundle, index, &position, &tensor) ||
      !golden_data(bundle, sample, position, &expected, &expected_size)) {
    fprintf(stderr, "there is no tensor %ld in sample %" PRIu32 "\n", index, sample);
    return UNREADABLE;
  }
  size_t size = 0;
  const uint8_t *dumped = map(path, &size);
  if (dumped == NULL || size != expected_size) {
    fprintf(stderr, "%s: not a file of %" PRIu32 " bytes\n", path, expected_size);
    return UNREADABLE;
  }
  if (memcmp(dumped, expected, size) == 0) {
    printf("tensor %ld: equal  %s\n", index, tensor.name);
    return EQUAL;
  }
  size_t first = 0;
  while (dumped[first] == expected[first]) ++first;
  printf("tensor %ld: differs first at byte %zu: %d, not %d  %s\n", index, first, dumped[first],
         expected[first], tensor.name);
  return DIFFERENT;
}

int main(int count, char **arguments) {
  golden_bundle bundle;
  size_t size = 0;
  const uint8_t *bytes = count > 1 ? map(arguments[1], &size) : NULL;
  if (bytes == NULL || !golden_open(&bundle, bytes, size)) {
    fprintf(stderr, "usage: selfcheck golden.bin [SAMPLE INDEX=FILE ...]\n"
                    "golden.bin must be a golden bundle of format version %u\n",
            GOLDEN_FORMAT_VERSION);
    return UNREADABLE;
  }
  int worst = count == 2 ? list(&bundle) : EQUAL;
  for (int i = 3; i < count; ++i) {
    char *path;
    const long index = strtol(arguments[i], &path, 10);
    if (*path++ != '=') return UNREADABLE;
    const uint32_t sample = (uint32_t)strtoul(arguments[2], NULL, 10);
    const int found = compare(&bundle, sample, index, path);
    if (found > worst) worst = found;
  }
  return worst;
}
