/* Which of many given words stand in the letters of names. */
#ifndef TMWATCH_PARTS_H
#define TMWATCH_PARTS_H

/* A word is looked for by its hash; most of what stands in a name is none, which a bit for each hash tells. */
#define FILTER_BITS 18
#define FILTER_AT(hash) ((hash) * UINT64_C(0xD6E8FEB86659FD93) >> (64 - FILTER_BITS))

HOT static int find_parts(const Side *names, const uint8_t *wanted, const uint64_t *code, int64_t codes,
                          const uint64_t *filter, int shortest, int longest, Bytes *row, Bytes *which) {
    for (int64_t i = 0; i < names->count; i++) {
        if (!wanted[i]) continue;
        const uint8_t *text = text_of(&names->compact, i);
        int size = size_of(&names->compact, i);
        for (int first = 0; first + shortest <= size; first++) {
            uint64_t hash = 0;
            int end = smaller(size, first + longest);
            for (int at = first; at < end; at++) {
                hash = hash * HASH_STEP + text[at] + 1;
                uint64_t bit = FILTER_AT(hash);
                if (!(filter[bit >> 6] >> (bit & 63) & 1) || at - first + 1 < shortest) continue;
                int64_t low = 0, high = codes;
                while (low < high) {
                    int64_t middle = low + (high - low) / 2;
                    if (code[middle] < hash) low = middle + 1;
                    else high = middle;
                }
                if (low < codes && code[low] == hash && (put(row, &i, 8) || put(which, &low, 8))) return -1;
            }
        }
    }
    return 0;
}

/* parts(names, wanted, codes, shortest, longest): (row, place of the code) as bytes, by row, of the names that
   are wanted, all of whose letters are ASCII. `codes`: the hashes of words of so many letters, ascending. */
static PyObject *parts(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *names_in, *wanted_in, *code_in, *out = NULL;
    int shortest, longest, failed;
    if (!PyArg_ParseTuple(args, "OOOii", &names_in, &wanted_in, &code_in, &shortest, &longest)) return NULL;
    HeldSide *held = PyCapsule_GetPointer(names_in, "side");
    if (!held) return NULL;
    Py_buffer view[2];
    Views views = {view, 0};
    Bytes row = {0}, which = {0};
    Py_ssize_t many, codes;
    uint64_t *filter = PyMem_Calloc((size_t)1 << (FILTER_BITS - 6), sizeof *filter);
    if (!filter) return PyErr_NoMemory();
    const uint8_t *wanted = array(&views, wanted_in, "wanted", 1, &many);
    const uint64_t *code = wanted ? array(&views, code_in, "codes", 8, &codes) : NULL;
    if (!code) goto done;
    if (many != held->side.count || shortest < 1) {
        damaged("wanted");
        goto done;
    }
    for (Py_ssize_t i = 0; i < codes; i++) filter[FILTER_AT(code[i]) >> 6] |= (uint64_t)1 << (FILTER_AT(code[i]) & 63);
    Py_BEGIN_ALLOW_THREADS
    failed = find_parts(&held->side, wanted, code, codes, filter, shortest, longest, &row, &which);
    Py_END_ALLOW_THREADS
    if (failed) PyErr_NoMemory();
    else out = Py_BuildValue("NN", as_bytes(&row), as_bytes(&which));
done:
    free(row.data);
    free(which.data);
    for (int i = 0; i < views.held; i++) PyBuffer_Release(&views.view[i]);
    PyMem_Free(filter);
    return out;
}

#endif
