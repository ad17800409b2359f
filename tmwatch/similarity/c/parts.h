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
                int64_t low = place_of(code, codes, hash);
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

/* So many names ahead what will be looked at is fetched: they lie far from each other. */
#define AHEAD 16

/* The rows of names in whose letters a word of two or more stands. By its groups of three: of those who hold the
   rarest one each is looked at; of two letters, who holds any group that begins with them. `group` and `start`: as
   of `Held`. Returns 0, -1 where there is no memory, -2 where the rows reach beyond their end. */
static int find_standing(const Side *names, const uint8_t *part, int size, const uint64_t *group, int64_t groups,
                         const int64_t *start, const int32_t *row, int64_t rows, Bytes *out) {
    uint8_t *there = calloc((size_t)names->count + 1, 1);
    if (!there) return -1;
    int64_t first = 0, last = 0;
    for (int at = 0; at == 0 || at + 3 <= size; at++) {
        uint64_t low = (uint64_t)part[at] << 42 | (uint64_t)part[at + 1] << 21, high = low + (1 << 21);
        if (size > 2) low |= part[at + 2], high = low + 1;
        int64_t a = place_of(group, groups, low), b = place_of(group, groups, high);
        int64_t begin = start[a], end = start[b];
        if (at == 0 || end - begin < last - first) first = begin, last = end;
    }
    int failed = first < 0 || last > rows ? -2 : 0;
    for (int64_t at = first; at < last && !failed; at++) {
        int32_t name = row[at];
        if (at + AHEAD < last) FETCH(names->compact.start + row[at + AHEAD]);
        if (at + AHEAD / 2 < last && row[at + AHEAD / 2] >= 0 && row[at + AHEAD / 2] < names->count)
            FETCH(text_of(&names->compact, row[at + AHEAD / 2]));
        if (name < 0 || name >= names->count) failed = -2;
        else if (!there[name])
            there[name] = place_in(part, size, text_of(&names->compact, name), size_of(&names->compact, name)) >= 0;
    }
    for (int64_t name = 0; name < names->count && !failed; name++)
        if (there[name]) failed = put(out, &name, 8);
    free(there);
    return failed;
}

/* standing(names, word, groups, edges, rows of names): the rows as bytes, ascending. The word is in ASCII. */
static PyObject *standing(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *names_in, *group_in, *start_in, *row_in, *out = NULL;
    const char *part;
    Py_ssize_t size, groups, starts, rows;
    if (!PyArg_ParseTuple(args, "Oy#OOO", &names_in, &part, &size, &group_in, &start_in, &row_in)) return NULL;
    HeldSide *held = PyCapsule_GetPointer(names_in, "side");
    if (!held) return NULL;
    Py_buffer view[3];
    Views views = {view, 0};
    Bytes found = {0};
    const uint64_t *group = array(&views, group_in, "groups", 8, &groups);
    const int64_t *start = group ? array(&views, start_in, "starts", 8, &starts) : NULL;
    const int32_t *row = start ? array(&views, row_in, "holders", 4, &rows) : NULL;
    if (!row) goto done;
    if (size < 2 || size > MOST_LETTERS || starts != groups + 1) {
        damaged("groups");
        goto done;
    }
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = find_standing(&held->side, (const uint8_t *)part, (int)size, group, groups, start, row, rows, &found);
    Py_END_ALLOW_THREADS
    if (failed == -2) damaged("holders");
    else if (failed) PyErr_NoMemory();
    else out = as_bytes(&found);
done:
    free(found.data);
    for (int i = 0; i < views.held; i++) PyBuffer_Release(&views.view[i]);
    return out;
}

#endif
