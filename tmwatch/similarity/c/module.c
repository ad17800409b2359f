/* tmwatch.similarity._pairs: the rule of `features.py` for millions of pairs. See compiled.py for the Python side.

   side(arrays) -> capsule      names in columns, checked once; the capsule holds the arrays
   rule(numbers, arrays) -> capsule
   near(...)                    the pairs that could be near and reach a score, with the scores
   measured(...)                the numbers and matches of given pairs
   parts(...)                   which of many given words stand in the letters of names
   standing(...)                in the letters of which names one word stands

   Whatever lengths and places the arrays hold is checked before they are used: a damaged file raises ValueError.
   The last four compute without the interpreter's lock. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

#include "reach.h"

/* ---- arrays handed over by name ---- */

typedef struct {
    const char *name;
    size_t place; /* of the pointer in the struct */
    int size;     /* bytes of an item */
    int many;     /* one for each: ROWS, one more: EDGES; any number: FREE */
    int of;       /* rows of what */
} Field;

enum { ROWS, EDGES, FREE };
enum { NAMES_OF, WORDS_OF, SPLITS_OF };
#define SIDE(path, what, size, many, of) {what, offsetof(Side, path), size, many, of}
static const Field FIELDS[] = {
    SIDE(compact.start, "compact.start", 4, EDGES, NAMES_OF), SIDE(compact.sign, "compact.sign", 1, FREE, 0),
    SIDE(key.start, "key.start", 4, EDGES, NAMES_OF), SIDE(key.sign, "key.sign", 1, FREE, 0),
    SIDE(bones.start, "bones.start", 4, EDGES, NAMES_OF), SIDE(bones.sign, "bones.sign", 1, FREE, 0),
    SIDE(word_start, "word.start", 4, EDGES, NAMES_OF), SIDE(word, "word.item", 4, FREE, 0),
    SIDE(joined_start, "joined.start", 4, EDGES, NAMES_OF), SIDE(joined_key, "joined.key", 8, FREE, 0),
    SIDE(joined_text, "joined.text", 8, FREE, 0), SIDE(joined_bits, "joined.bits", 8, FREE, 0),
    SIDE(bits, "bits", 8, ROWS, NAMES_OF),
    SIDE(most, "most", 8, ROWS, NAMES_OF), SIDE(inside, "inside", 8, ROWS, NAMES_OF),
    SIDE(plain, "plain", 1, ROWS, NAMES_OF), SIDE(full, "full", 1, ROWS, NAMES_OF),
    SIDE(foreign, "foreign", 1, ROWS, NAMES_OF), SIDE(groups, "group_count", 4, ROWS, NAMES_OF),
    SIDE(key_groups, "key_group_count", 4, ROWS, NAMES_OF),
    SIDE(reading_groups, "reading_count", 4, ROWS, NAMES_OF),
    SIDE(words.text.start, "words.text.start", 4, EDGES, WORDS_OF),
    SIDE(words.text.sign, "words.text.sign", 1, FREE, 0),
    SIDE(words.key.start, "words.key.start", 4, EDGES, WORDS_OF), SIDE(words.key.sign, "words.key.sign", 1, FREE, 0),
    SIDE(words.text_code, "words.text_code", 8, ROWS, WORDS_OF),
    SIDE(words.key_code, "words.key_code", 8, ROWS, WORDS_OF), SIDE(words.bits, "words.bits", 8, ROWS, WORDS_OF),
    SIDE(words.inside, "words.inside", 8, ROWS, WORDS_OF),
    SIDE(words.sense_start, "words.sense.start", 4, EDGES, WORDS_OF),
    SIDE(words.sense, "words.sense.item", 8, FREE, 0),
    SIDE(words.split_start, "words.split.start", 4, EDGES, WORDS_OF),
    SIDE(words.part, "words.split.part", 8, ROWS, SPLITS_OF), SIDE(words.rest, "words.split.rest", 8, ROWS, SPLITS_OF),
    SIDE(words.part_bits, "words.split.bits", 8, ROWS, SPLITS_OF),
    SIDE(words.part_sense_start, "words.split.sense.start", 4, EDGES, SPLITS_OF),
    SIDE(words.part_sense, "words.split.sense.item", 8, FREE, 0),
};
#define MANY_FIELDS ((int)(sizeof FIELDS / sizeof *FIELDS))

typedef struct {
    Side side;
    Py_ssize_t length[sizeof FIELDS / sizeof *FIELDS];
    int held;
    Py_buffer view[sizeof FIELDS / sizeof *FIELDS];
} HeldSide;

static int damaged(const char *what) {
    PyErr_Format(PyExc_ValueError, "names in columns: %s is damaged", what);
    return -1;
}

/* A contiguous array of items of `size` bytes. */
static int take(PyObject *from, const char *what, int size, Py_buffer *view, Py_ssize_t *length) {
    if (PyObject_GetBuffer(from, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) return -1;
    if (view->itemsize != size) {
        PyErr_Format(PyExc_ValueError, "%s: items of %zd bytes, expected %d", what, view->itemsize, size);
        PyBuffer_Release(view);
        return -1;
    }
    *length = view->len / size;
    if (*length && (uintptr_t)view->buf % (uintptr_t)size) {
        PyErr_Format(PyExc_ValueError, "%s does not lie at a multiple of %d bytes", what, size);
        PyBuffer_Release(view);
        return -1;
    }
    return 0;
}

static void let_side_go(PyObject *capsule) {
    HeldSide *held = PyCapsule_GetPointer(capsule, "side");
    if (!held) return;
    for (int i = 0; i < held->held; i++) PyBuffer_Release(&held->view[i]);
    PyMem_Free((void *)held->side.at);
    PyMem_Free((void *)held->side.words.at);
    PyMem_Free(held);
}

static Py_ssize_t length_of(const HeldSide *held, const char *name) {
    for (int i = 0; i < MANY_FIELDS; i++)
        if (!strcmp(FIELDS[i].name, name)) return held->length[i];
    return -1;
}

/* Whether edges ascend from 0 and end with the number of items. */
static int edges_fit(const int32_t *start, int64_t rows, int64_t items) {
    if (start[0] != 0 || start[rows] > items) return 0;
    for (int64_t i = 0; i < rows; i++)
        if (start[i] > start[i + 1]) return 0;
    return 1;
}

static int side_fits(HeldSide *held) {
    Side *side = &held->side;
    Words *words = &side->words;
    side->count = length_of(held, "bits");
    words->count = length_of(held, "words.bits");
    Py_ssize_t rows[] = {side->count, words->count, length_of(held, "words.split.part")};
    for (int i = 0; i < MANY_FIELDS; i++) {
        const Field *field = &FIELDS[i];
        if (field->many == FREE) continue;
        if (held->length[i] != rows[field->of] + (field->many == EDGES)) return damaged(field->name);
        if (field->many != EDGES) continue;
        /* What has edges stands before its items. */
        const int32_t *start = *(const int32_t *const *)((const char *)side + field->place);
        Py_ssize_t items = held->length[i + 1];
        if (!edges_fit(start, rows[field->of], items)) return damaged(field->name);
    }
    if (length_of(held, "joined.text") != length_of(held, "joined.key") ||
        length_of(held, "joined.bits") != length_of(held, "joined.key"))
        return damaged("joined");
    for (int64_t i = 0; i < length_of(held, "word.item"); i++)
        if (side->word[i] < 0 || side->word[i] >= words->count) return damaged("word.item");
    for (int64_t i = 0; i < side->count; i++) {
        if (!side->plain[i]) continue;
        int many = side->word_start[i + 1] - side->word_start[i];
        if (many < 1 || many > MOST_WORDS || size_of(&side->compact, i) > MOST_LETTERS ||
            size_of(&side->compact, i) < 1 || size_of(&side->key, i) > MOST_LETTERS ||
            size_of(&side->bones, i) > MOST_LETTERS)
            return damaged("plain");
        for (int32_t at = side->word_start[i]; at < side->word_start[i + 1]; at++)
            if (size_of(&words->text, side->word[at]) > MOST_LETTERS ||
                size_of(&words->key, side->word[at]) > MOST_LETTERS ||
                size_of(&words->text, side->word[at]) < 1)
                return damaged("word");
    }
    return 0;
}

static uint32_t one_bit(uint64_t code, unsigned first, unsigned bits) {
    return (uint32_t)1 << (first + (unsigned)((code * HASH_STEP) >> 32) % bits);
}

/* `WordAt.told`. */
static uint32_t told_of(const Words *words, int64_t i) {
    uint32_t told = 0;
    for (int32_t at = words->sense_start[i]; at < words->sense_start[i + 1]; at++)
        told |= one_bit(words->sense[at], PART_BITS, 32 - PART_BITS);
    for (int32_t part = words->split_start[i]; part < words->split_start[i + 1]; part++) {
        told |= one_bit(words->part[part], 0, PART_BITS);
        for (int32_t at = words->part_sense_start[part]; at < words->part_sense_start[part + 1]; at++)
            told |= one_bit(words->part_sense[at], PART_BITS, 32 - PART_BITS);
    }
    return told;
}

/* What is asked of most names and words, put together: 64 bytes of each. */
static int pack(Side *side) {
    Words *words = &side->words;
    WordAt *word = PyMem_Calloc((size_t)words->count + 1, sizeof *word);
    NameAt *name = PyMem_Calloc((size_t)side->count + 1, sizeof *name);
    words->at = word, side->at = name;
    if (!word || !name) {
        PyErr_NoMemory();
        return -1;
    }
    for (int64_t i = 0; i < words->count; i++) {
        Bag text = bag_of(text_of(&words->text, i), size_of(&words->text, i));
        Bag key = bag_of(text_of(&words->key, i), size_of(&words->key, i));
        WordAt at = {text.held, key.held, words->text_code[i], words->key_code[i], words->bits[i], words->inside[i],
                     words->text.start[i], words->key.start[i], (uint8_t)size_of(&words->text, i), text.again,
                     (uint8_t)size_of(&words->key, i), key.again, told_of(words, i)};
        word[i] = at;
    }
    for (int64_t i = 0; i < side->count; i++) {
        Bag text = bag_of(text_of(&side->compact, i), size_of(&side->compact, i));
        Bag key = bag_of(text_of(&side->key, i), size_of(&side->key, i));
        NameAt at = {text.held, key.held, side->bits[i], side->most[i], side->inside[i], side->compact.start[i],
                     side->key.start[i], side->bones.start[i], side->word_start[i],
                     (uint8_t)size_of(&side->compact, i), text.again, (uint8_t)size_of(&side->key, i), key.again,
                     (uint8_t)size_of(&side->bones, i),
                     (uint8_t)(side->word_start[i + 1] - side->word_start[i]), (uint8_t)side->groups[i],
                     side->joined_start[i + 1] > side->joined_start[i]};
        name[i] = at;
    }
    return 0;
}

static PyObject *side_of(PyObject *self, PyObject *arrays) {
    (void)self;
    HeldSide *held = PyMem_Calloc(1, sizeof *held);
    if (!held) return PyErr_NoMemory();
    PyObject *out = PyCapsule_New(held, "side", let_side_go);
    if (!out) {
        PyMem_Free(held);
        return NULL;
    }
    for (int i = 0; i < MANY_FIELDS; i++) {
        PyObject *array = PyMapping_GetItemString(arrays, FIELDS[i].name);
        int failed = !array || take(array, FIELDS[i].name, FIELDS[i].size, &held->view[i], &held->length[i]) < 0;
        Py_XDECREF(array);
        if (failed) {
            Py_DECREF(out);
            return NULL;
        }
        held->held = i + 1;
        *(const void **)((char *)&held->side + FIELDS[i].place) = held->view[i].buf;
    }
    if (side_fits(held) < 0 || pack(&held->side) < 0) {
        Py_DECREF(out);
        return NULL;
    }
    return out;
}

/* ---- the rule ---- */

#define NUMBER(what) {#what, offsetof(Rule, what)}
static const struct {
    const char *name;
    size_t place;
} RULE[] = {
    NUMBER(share), NUMBER(least_letters), NUMBER(least_sound), NUMBER(sight), NUMBER(hearing), NUMBER(alike_from),
    NUMBER(shape_line), NUMBER(heard), NUMBER(sense_worth), NUMBER(part_sense_worth), NUMBER(parts_worth),
    NUMBER(part_only), NUMBER(edge_worth), NUMBER(compound_worth), NUMBER(little_alike), NUMBER(weak_inside),
    NUMBER(most_bits), NUMBER(many_bits), NUMBER(longest), NUMBER(shortest_mark), NUMBER(constant),
    NUMBER(little), NUMBER(weak), NUMBER(covered), NUMBER(lost), NUMBER(changed), NUMBER(letters_in_spite),
    NUMBER(letters_beside_part), NUMBER(letters_alone), NUMBER(few_letters),
};

typedef struct {
    Rule rule;
    Py_buffer known;
} HeldRule;

static void let_rule_go(PyObject *capsule) {
    HeldRule *held = PyCapsule_GetPointer(capsule, "rule");
    if (!held) return;
    if (held->rule.known) PyBuffer_Release(&held->known);
    PyMem_Free(held);
}

static int doubles(PyObject *from, double *into, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(from, i);
        if (!item) return -1;
        into[i] = PyFloat_AsDouble(item);
        Py_DECREF(item);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

/* rule({name: number}, weights of the numbers, [(one, other, weight)], hashes of known words) */
static PyObject *rule_of(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *numbers, *weights, *products, *known;
    if (!PyArg_ParseTuple(args, "OOOO", &numbers, &weights, &products, &known)) return NULL;
    HeldRule *held = PyMem_Calloc(1, sizeof *held);
    if (!held) return PyErr_NoMemory();
    PyObject *out = PyCapsule_New(held, "rule", let_rule_go);
    if (!out) {
        PyMem_Free(held);
        return NULL;
    }
    Rule *rule = &held->rule;
    for (size_t i = 0; i < sizeof RULE / sizeof *RULE; i++) {
        PyObject *number = PyMapping_GetItemString(numbers, RULE[i].name);
        if (!number) goto failed;
        *(double *)((char *)rule + RULE[i].place) = PyFloat_AsDouble(number);
        Py_DECREF(number);
        if (PyErr_Occurred()) goto failed;
    }
    rule->products = PySequence_Size(products);
    if (PySequence_Size(weights) != NUMBERS || rule->products < 0 || rule->products > MOST_PRODUCTS) {
        PyErr_Format(PyExc_ValueError, "%d weights and at most %d products", NUMBERS, MOST_PRODUCTS);
        goto failed;
    }
    if (doubles(weights, rule->weight, NUMBERS) < 0) goto failed;
    for (Py_ssize_t p = 0; p < rule->products; p++) {
        double three[3];
        PyObject *item = PySequence_GetItem(products, p);
        int wrong = !item || doubles(item, three, 3) < 0;
        Py_XDECREF(item);
        if (wrong) goto failed;
        if (three[0] < 0 || three[0] >= NUMBERS || three[1] < 0 || three[1] >= NUMBERS) {
            PyErr_SetString(PyExc_ValueError, "a product of numbers that are not there");
            goto failed;
        }
        rule->one[p] = (int64_t)three[0], rule->other[p] = (int64_t)three[1], rule->product[p] = three[2];
    }
    Py_ssize_t count;
    if (take(known, "known", 8, &held->known, &count) < 0) goto failed;
    rule->known = held->known.buf ? held->known.buf : (const void *)rule;
    rule->known_count = count;
    plan(rule);
    return out;
failed:
    Py_DECREF(out);
    return NULL;
}

#include "near.h"
#include "parts.h"

static PyMethodDef METHODS[] = {
    {"side", side_of, METH_O, "Names in columns, checked."},
    {"rule", rule_of, METH_VARARGS, "The numbers and weights of the rule."},
    {"near", near, METH_VARARGS, "(mark, name, score, flags, mark apart, name apart) as bytes."},
    {"parts", parts, METH_VARARGS, "(row, place of the code) as bytes."},
    {"standing", standing, METH_VARARGS, "The rows as bytes."},
    {"measured", measured, METH_VARARGS, "(numbers, ends, one, other, how, alike, bits) as bytes."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_pairs", "The rule of likeness for millions of pairs.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__pairs(void) { return PyModule_Create(&MODULE); }
