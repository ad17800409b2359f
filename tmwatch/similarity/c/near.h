/* Which pairs could be near at all, and their scores: the loop over tiles of names and over marks. */
#ifndef TMWATCH_NEAR_H
#define TMWATCH_NEAR_H

/* Names that are looked at together, so that what is counted stays in the processor's nearest memory. */
#define TILE 4096

/* Rows of names that hold something the mark holds. Kinds: groups of letters, of sounds, of readings are
   counted; the others say what the two have in common. */
enum { GROUPS, SOUNDS, READINGS, RELATED };
typedef struct {
    const int32_t *at, *end;
    int kind, bit;
} List;

typedef struct {
    char *data;
    Py_ssize_t used, room;
} Bytes;

static int put(Bytes *bytes, const void *from, size_t size) {
    if (bytes->used + (Py_ssize_t)size > bytes->room) {
        Py_ssize_t room = bytes->room ? 2 * bytes->room : 4096;
        char *more = realloc(bytes->data, (size_t)room);
        if (!more) return -1;
        bytes->data = more, bytes->room = room;
    }
    memcpy(bytes->data + bytes->used, from, size);
    bytes->used += (Py_ssize_t)size;
    return 0;
}

typedef struct {
    uint8_t counted[3][TILE], related[TILE], near[TILE];
    uint16_t place[TILE];
    Mark mark;
} Room;

/* What is found: mark and name, score, flags (1 the same letters, and twice the nearest level); pairs for the rule itself. */
enum { MARK, NAME, SCORE, FLAGS, MARK_APART, NAME_APART, OUTS };

HOT static void count_lists(List *list, List *end, Room *room, int64_t base, uint32_t size) {
    for (; list < end; list++) {
        const int32_t *at = list->at, *last = list->end;
        if (list->kind == RELATED) {
            uint8_t *related = room->related, bit = (uint8_t)list->bit;
            for (; at < last && (uint32_t)(*at - base) < size; at++) related[*at - base] |= bit;
        } else {
            uint8_t *counted = room->counted[list->kind];
            for (; at < last && (uint32_t)(*at - base) < size; at++) counted[*at - base]++;
        }
        list->at = at;
    }
}

/* `batch.may_be_near` as far as it is known from who holds what. */
HOT static void who_is_near(const Rule *rule, const Side *marks, int64_t mark, const Side *names, Room *room,
                            int64_t base, int size, int readings) {
    const int32_t share = (int32_t)rule->share, mine = marks->groups[mark], sounds = marks->key_groups[mark];
    const int32_t *groups = names->groups + base, *key_groups = names->key_groups + base;
    const uint8_t *full = names->full + base, *a = room->counted[GROUPS], *b = room->counted[SOUNDS];
    for (int i = 0; i < size; i++) {
        int32_t near = (share * a[i] >= mine + groups[i]) | (share * b[i] >= sounds + key_groups[i]);
        room->near[i] = (uint8_t)((near | ((room->related[i] & (SHARED | MEANT)) != 0)) & full[i]);
    }
    if (!readings) return;
    for (int i = 0; i < size; i++)
        if (names->foreign[base + i] && names->full[base + i] &&
            share * room->counted[READINGS][i] >= sounds + names->reading_groups[base + i])
            room->near[i] = 1;
}

HOT static int score_tile(const Rule *rule, Room *room, const Side *names, int64_t base, int size, int64_t at,
                          double least, int level, Bytes *out) {
    Mark *mark = &room->mark;
    const NameAt *own = &mark->side->at[mark->at];
    int many = 0, kept = 0;
    for (int i = size; i & 7; i++) room->near[i] = 0; /* of a tile before */
    for (int i = 0; i < size; i += 8) {
        uint64_t eight = 0;
        for (int k = 0; k < 8; k++) eight |= (uint64_t)room->near[i + k] << 8 * k;
        if (!eight) continue;
        /* a bit for each of the eight that is 1 */
        for (unsigned bits = (unsigned)(eight * UINT64_C(0x0102040810204080) >> 56); bits; bits &= bits - 1)
            room->place[many++] = (uint16_t)(i + LOWEST_BIT(bits));
    }
    /* What is asked for next is fetched meanwhile: names near a mark lie far from each other. */
    for (int k = 0; k < many; k++) {
        int i = room->place[k];
        int64_t name = base + i;
        if (k + 12 < many) FETCH(&names->at[base + room->place[k + 12]]);
        if (!names->plain[name] || room->related[i] & PHRASED) {
            if (put(&out[MARK_APART], &at, 8) || put(&out[NAME_APART], &name, 8)) return -1;
        } else if (may_have_enough(rule, own, &names->at[name], room->related[i], level)) {
            room->place[kept++] = (uint16_t)i;
        }
    }
    for (int k = 0; k < kept; k++) {
        int i = room->place[k];
        int64_t name = base + i;
        if (k + 12 < kept) {
            const NameAt *next = &names->at[base + room->place[k + 12]];
            FETCH(names->compact.sign + next->compact);
            FETCH(names->key.sign + next->key);
            FETCH(names->word + next->word);
        }
        if (k + 6 < kept) {
            const NameAt *next = &names->at[base + room->place[k + 6]];
            for (int w = 0; w < next->words; w++) FETCH(&names->words.at[names->word[next->word + w]]);
            if (next->joins) FETCH(names->joined_start + base + room->place[k + 6]);
        }
        Scored scored;
        if (!score(rule, mark, names, name, room->counted[GROUPS][i], room->related[i], least,
                   level, &scored))
            continue;
        uint8_t flags = (uint8_t)(scored.same | scored.nearest << 1);
        if (put(&out[MARK], &at, 8) || put(&out[NAME], &name, 8) || put(&out[SCORE], &scored.score, 8) ||
            put(&out[FLAGS], &flags, 1))
            return -1;
    }
    return 0;
}

static int near_all(const Rule *rule, const Side *marks, const Side *names, List *lists, const int64_t *first,
                    const int64_t *row, Py_ssize_t rows, const double *least, int level, int readings,
                    Bytes *out) {
    Room *room = calloc(1, sizeof *room);
    if (!room) return -1;
    int failed = 0;
    for (int64_t base = 0; base < names->count && !failed; base += TILE) {
        int size = (int)(names->count - base < TILE ? names->count - base : TILE);
        for (Py_ssize_t i = 0; i < rows && !failed; i++) {
            memset(room->counted, 0, sizeof room->counted);
            memset(room->related, 0, sizeof room->related);
            count_lists(lists + first[i], lists + first[i + 1], room, base, (uint32_t)size);
            who_is_near(rule, marks, row[i], names, room, base, size, readings);
            mark_set(&room->mark, marks, row[i]);
            failed = score_tile(rule, room, names, base, size, row[i], least[row[i]], level, out);
            mark_clear(&room->mark);
        }
    }
    free(room);
    return failed;
}

static PyObject *as_bytes(Bytes *bytes) { return PyBytes_FromStringAndSize(bytes->data, bytes->used); }

static int from_capsules(PyObject *rule, PyObject *marks, PyObject *names, Rule **out, Side **mine, Side **theirs) {
    HeldRule *held = PyCapsule_GetPointer(rule, "rule");
    HeldSide *one = PyCapsule_GetPointer(marks, "side"), *other = PyCapsule_GetPointer(names, "side");
    if (!held || !one || !other) return -1;
    *out = &held->rule, *mine = &one->side, *theirs = &other->side;
    return 0;
}

typedef struct {
    Py_buffer *view;
    int held;
} Views;

static const void *array(Views *views, PyObject *from, const char *what, int size, Py_ssize_t *length) {
    if (!from || take(from, what, size, &views->view[views->held], length) < 0) return NULL;
    return views->view[views->held++].buf;
}

/* What marks hold, each by its number, and which rows of names hold that. */
typedef struct {
    long kind, bit;
    const int64_t *edge; /* by mark */
    const uint64_t *asked, *code;
    const int64_t *start;
    const int32_t *row;
    Py_ssize_t edges, askeds, codes, starts, rows;
} Held;

static int held_fits(const Held *held, int64_t marks) {
    if (held->kind < 0 || held->kind > RELATED || held->edges != marks + 1 || held->edge[0] < 0 ||
        held->edge[marks] > held->askeds || held->starts != held->codes + 1)
        return 0;
    for (int64_t i = 0; i < marks; i++)
        if (held->edge[i] > held->edge[i + 1]) return 0;
    return 1;
}

/* The lists of the rows of names for each of some marks. Returns how many, or -1 where they reach beyond their end. */
static int64_t gather(const Held *held, Py_ssize_t kinds, const int64_t *mark, Py_ssize_t marks, List *lists,
                      int64_t *first, int *readings) {
    int64_t used = 0;
    for (Py_ssize_t i = 0; i < marks; i++) {
        first[i] = used;
        for (Py_ssize_t k = 0; k < kinds; k++) {
            const Held *from = &held[k];
            for (int64_t at = from->edge[mark[i]]; at < from->edge[mark[i] + 1]; at++) {
                int64_t place = place_of(from->code, from->codes, from->asked[at]);
                if (place == from->codes || from->code[place] != from->asked[at]) continue;
                int64_t begin = from->start[place], end = from->start[place + 1];
                if (begin < 0 || begin > end || end > from->rows) return -1;
                List list = {from->row + begin, from->row + end, (int)from->kind, (int)from->bit};
                lists[used++] = list;
                *readings |= list.kind == READINGS;
            }
        }
    }
    first[marks] = used;
    return used;
}

/* near(rule, marks, names, held, rows, least, level): `held` of (kind, bit, edges by mark, numbers of what the marks
   hold; numbers of what the names hold, edges, rows of names). `rows`: the marks, all plain; `least`: the score that
   a pair of each mark has to reach; `level`: the level that it may have at most. */
static PyObject *near(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *rule_in, *marks_in, *names_in, *held_in, *rows_in, *least_in, *out = NULL;
    Rule *rule;
    Side *marks, *names;
    int level;
    if (!PyArg_ParseTuple(args, "OOOO!OOi", &rule_in, &marks_in, &names_in, &PyTuple_Type, &held_in, &rows_in,
                          &least_in, &level))
        return NULL;
    if (from_capsules(rule_in, marks_in, names_in, &rule, &marks, &names) < 0) return NULL;
    Py_ssize_t kinds = PyTuple_Size(held_in), rows, leasts, room = 0;
    Views views = {PyMem_Calloc((size_t)(5 * kinds + 2), sizeof(Py_buffer)), 0};
    Bytes found[OUTS] = {{0}};
    List *lists = NULL;
    int64_t *first = NULL;
    Held *held = PyMem_Calloc((size_t)kinds + 1, sizeof *held);
    if (!views.view || !held) {
        PyErr_NoMemory();
        goto done;
    }
    const int64_t *row = array(&views, rows_in, "rows", 8, &rows);
    const double *least = row ? array(&views, least_in, "least", 8, &leasts) : NULL;
    if (!row || !least) goto done;
    for (Py_ssize_t k = 0; k < kinds; k++) {
        PyObject *edge, *asked, *code, *start, *holders;
        Held *one = &held[k];
        if (!PyArg_ParseTuple(PyTuple_GetItem(held_in, k), "llOOOOO", &one->kind, &one->bit, &edge, &asked, &code,
                              &start, &holders))
            goto done;
        one->edge = array(&views, edge, "edges", 8, &one->edges);
        one->asked = one->edge ? array(&views, asked, "asked", 8, &one->askeds) : NULL;
        one->code = one->asked ? array(&views, code, "codes", 8, &one->codes) : NULL;
        one->start = one->code ? array(&views, start, "starts", 8, &one->starts) : NULL;
        one->row = one->start ? array(&views, holders, "holders", 4, &one->rows) : NULL;
        if (!one->row) goto done;
        if (!held_fits(one, marks->count)) {
            damaged("holders");
            goto done;
        }
    }
    int wrong = leasts != marks->count;
    for (Py_ssize_t i = 0; !wrong && i < rows; i++) {
        wrong = row[i] < 0 || row[i] >= marks->count || !marks->plain[row[i]] || !marks->full[row[i]];
        for (Py_ssize_t k = 0; !wrong && k < kinds; k++) room += held[k].edge[row[i] + 1] - held[k].edge[row[i]];
    }
    if (wrong) {
        damaged("rows of marks");
        goto done;
    }
    lists = PyMem_Malloc((size_t)(room + 1) * sizeof *lists);
    first = PyMem_Malloc((size_t)(rows + 1) * sizeof *first);
    if (!lists || !first) {
        PyErr_NoMemory();
        goto done;
    }
    int readings = 0, failed = 0, beyond;
    Py_BEGIN_ALLOW_THREADS
    beyond = gather(held, kinds, row, rows, lists, first, &readings) < 0;
    if (!beyond) failed = near_all(rule, marks, names, lists, first, row, rows, least, level, readings, found);
    Py_END_ALLOW_THREADS
    if (beyond) damaged("holders");
    if (failed) PyErr_NoMemory();
    if (beyond || failed) goto done;
    out = PyTuple_New(OUTS);
    for (int i = 0; out && i < OUTS; i++) {
        PyObject *bytes = as_bytes(&found[i]);
        if (!bytes || PyTuple_SetItem(out, i, bytes) < 0) Py_CLEAR(out);
    }
done:
    for (int i = 0; i < OUTS; i++) free(found[i].data);
    for (int i = 0; i < views.held; i++) PyBuffer_Release(&views.view[i]);
    PyMem_Free(views.view);
    PyMem_Free(held);
    PyMem_Free(lists);
    PyMem_Free(first);
    return out;
}

/* How many groups of three letters two names share, with two spaces before and one after. */
static int groups_shared(const uint8_t *one, int size, const uint8_t *other, int length) {
    uint8_t a[MOST_LETTERS + 3], b[MOST_LETTERS + 3];
    int shared = 0;
    memset(a, ' ', sizeof a), memset(b, ' ', sizeof b);
    memcpy(a + 2, one, (size_t)size), memcpy(b + 2, other, (size_t)length);
    for (int i = 0; i <= size; i++) {
        int again = 0, there = 0;
        for (int j = 0; j < i && !again; j++) again = !memcmp(a + i, a + j, 3);
        for (int j = 0; j <= length && !again && !there; j++) there = !memcmp(a + i, b + j, 3);
        shared += there;
    }
    return shared;
}

enum { NUMBER_OUT, END_OUT, ONE_OUT, OTHER_OUT, HOW_OUT, ALIKE_OUT, BITS_OUT, MEASURED };

static int measure_all(const Rule *rule, const Side *marks, const Side *names, const int64_t *mark,
                       const int64_t *name, Py_ssize_t pairs, Bytes *out) {
    Mark *ready = calloc(1, sizeof *ready);
    int64_t set = -1, end = 0;
    int failed = !ready;
    for (Py_ssize_t i = 0; i < pairs && !failed; i++) {
        if (mark[i] != set) {
            if (set >= 0) mark_clear(ready);
            mark_set(ready, marks, mark[i]);
            set = mark[i];
        }
        double number[NUMBERS];
        Match found[MOST_MATCHES];
        int shared = groups_shared(ready->compact.text, ready->compact.size, letters_of(names, name[i]),
                                   names->at[name[i]].size);
        int many = measure(rule, ready, names, name[i], shared, number, found);
        end += many;
        failed = put(&out[NUMBER_OUT], number, sizeof number) || put(&out[END_OUT], &end, 8);
        for (int k = 0; k < many && !failed; k++) {
            int32_t one = found[k].one, other = found[k].other, how = found[k].how;
            failed = put(&out[ONE_OUT], &one, 4) || put(&out[OTHER_OUT], &other, 4) ||
                     put(&out[HOW_OUT], &how, 4) || put(&out[ALIKE_OUT], &found[k].alike, 8) ||
                     put(&out[BITS_OUT], &found[k].bits, 8);
        }
    }
    free(ready);
    return failed;
}

/* measured(rule, marks, names, mark, name): of pairs of plain names, by their places. */
static PyObject *measured(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *rule_in, *marks_in, *names_in, *mark_in, *name_in, *out = NULL;
    Rule *rule;
    Side *marks, *names;
    if (!PyArg_ParseTuple(args, "OOOOO", &rule_in, &marks_in, &names_in, &mark_in, &name_in)) return NULL;
    if (from_capsules(rule_in, marks_in, names_in, &rule, &marks, &names) < 0) return NULL;
    Py_buffer view[2];
    Views views = {view, 0};
    Bytes found[MEASURED] = {{0}};
    Py_ssize_t pairs, others;
    const int64_t *mark = array(&views, mark_in, "marks", 8, &pairs);
    const int64_t *name = mark ? array(&views, name_in, "names", 8, &others) : NULL;
    if (!name) goto done;
    int wrong = pairs != others, failed;
    for (Py_ssize_t i = 0; !wrong && i < pairs; i++)
        wrong = mark[i] < 0 || mark[i] >= marks->count || name[i] < 0 || name[i] >= names->count ||
                !marks->plain[mark[i]] || !names->plain[name[i]];
    if (wrong) {
        damaged("pairs");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    failed = measure_all(rule, marks, names, mark, name, pairs, found);
    Py_END_ALLOW_THREADS
    if (failed) {
        PyErr_NoMemory();
        goto done;
    }
    out = PyTuple_New(MEASURED);
    for (int i = 0; out && i < MEASURED; i++) {
        PyObject *bytes = as_bytes(&found[i]);
        if (!bytes || PyTuple_SetItem(out, i, bytes) < 0) Py_CLEAR(out);
    }
done:
    for (int i = 0; i < MEASURED; i++) free(found[i].data);
    for (int i = 0; i < views.held; i++) PyBuffer_Release(&views.view[i]);
    return out;
}

#endif
