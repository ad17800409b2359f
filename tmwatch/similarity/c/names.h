/* Names as flat arrays, as `arrays.Columns` has them, and the rule's numbers. Nothing here is owned. */
#ifndef TMWATCH_NAMES_H
#define TMWATCH_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Popcounts and wide registers where the processor has them, without a build for each processor; compilers
   before GCC 12 do not know these names, and build for the plainest. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12
#define HOT __attribute__((target_clones("arch=x86-64-v3", "arch=x86-64-v2", "default")))
#define INLINE static inline __attribute__((always_inline))
#elif defined(__GNUC__)
#define HOT
#define INLINE static inline __attribute__((always_inline))
#else
#define HOT
#define INLINE static inline
#endif

#if defined(__GNUC__)
#define FETCH(place) __builtin_prefetch(place)
#else
#define FETCH(place) ((void)(place))
#endif

#if defined(__GNUC__)
#define COUNT_BITS(x) ((int)__builtin_popcountll(x))
#define LOWEST_BIT(x) ((int)__builtin_ctzll(x))
#else
static inline int COUNT_BITS(uint64_t x) {
    int n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}
static inline int LOWEST_BIT(uint64_t x) {
    int n = 0;
    while (!(x >> n & 1)) n++;
    return n;
}
#endif

/* The most that a plain name has; longer ones never come here (`arrays.Columns.plain`). */
#define MOST_LETTERS 64
#define MOST_WORDS 16
/* Each word of the mark once, and each word of the name that two of the mark are written as. */
#define MOST_MATCHES (2 * MOST_WORDS)

typedef struct {
    const uint8_t *sign;
    const int32_t *start;
} Texts;

/* What is asked of most words and names that come near, together in one line of the processor's memory. `held`
   and `again`: their letters in any order, to tell at once that two cannot have much in common (`bag_of`); `told`:
   a bit for each meaning, of its known parts too, and for each known part, to tell at once that two share none. */
typedef struct {
    uint64_t held, key_held, text_code, key_code;
    double bits, inside;
    int32_t text, key;
    uint8_t size, again, key_size, key_again;
    uint32_t told;
} WordAt;
#define PART_BITS 12
#define PARTS_TOLD (((uint32_t)1 << PART_BITS) - 1)

typedef struct {
    uint64_t held, key_held;
    double bits, most, inside;
    int32_t compact, key, bones, word;
    uint8_t size, again, key_size, key_again, bones_size, words, groups, joins;
} NameAt;

typedef struct {
    const WordAt *at;
    int64_t count;
    Texts text, key;
    const uint64_t *text_code, *key_code;
    const double *bits, *inside;
    /* Meanings, in the order of their texts; known parts with their meanings and the rest. */
    const int32_t *sense_start;
    const uint64_t *sense;
    const int32_t *split_start;
    const uint64_t *part, *rest;
    const double *part_bits;
    const int32_t *part_sense_start;
    const uint64_t *part_sense;
} Words;

typedef struct {
    const NameAt *at;
    int64_t count;
    Texts compact, key, bones;
    const double *bits, *most, *inside;
    const uint8_t *plain, *full, *foreign;
    const int32_t *groups, *key_groups, *reading_groups;
    const int32_t *word_start, *word;
    /* Neighbours written as one word. */
    const int32_t *joined_start;
    const uint64_t *joined_key, *joined_text;
    const double *joined_bits;
    Words words;
} Side;

/* The numbers of `features.NAMES`, in its order, and `strongest`. */
enum {
    COVER_ONE, COVER_OTHER, COVER_BOTH, BITS, TOP_BITS, TRIGRAMS, LETTERS, OPENING,
    KEY_LETTERS, KEY_OPENING, BONES, SAME_LETTERS, SAME_KEY, SENSE, WHOLE_START, WHOLE_END,
    WHOLE_INSIDE, WHOLE_BITS, FIRST_LETTER, FIRST_WORD, SHORTNESS, LENGTH, OWN_BITS, READING,
    OWN_WORD, THEIR_WORD, SHORT_NEAR, LEFT_BITS, LEFT_MOST, LEFT_TRADE, STRONGEST, NUMBERS
};
#define MOST_PRODUCTS 64

/* What the rule in Python is made of, and the weights. */
typedef struct {
    double share, least_letters, least_sound, sight, hearing;                      /* batch.py */
    double alike_from, shape_line, heard, sense_worth, part_sense_worth, parts_worth; /* features.py */
    double part_only, edge_worth, compound_worth, little_alike, weak_inside, most_bits, many_bits, longest;
    double shortest_mark;
    double little, weak, covered, lost, changed, letters_in_spite, letters_beside_part, letters_alone, few_letters; /* levels.py */
    double weight[NUMBERS], constant;
    int64_t products;
    int64_t one[MOST_PRODUCTS], other[MOST_PRODUCTS];
    double product[MOST_PRODUCTS];
    /* Made of these by `plan`: the squares; for each product of two, of which number it is counted, and where
       the other stands among the numbers known from below (0 …) and from above (NUMBERS …); the numbers with
       a square below zero; how many letters of so many are alike, are as many as `may_be_near` asks for, and as `near_identical` does. */
    double square[NUMBERS], cross[MOST_PRODUCTS];
    int crosses, into[MOST_PRODUCTS], with[MOST_PRODUCTS], bends, bent[NUMBERS];
    uint8_t enough[2 * MOST_LETTERS + 1], letters[2 * MOST_LETTERS + 1], sounds[2 * MOST_LETTERS + 1];
    uint8_t near_letters[2 * MOST_LETTERS + 1], near_sounds[2 * MOST_LETTERS + 1];
    uint8_t apart[2 * MOST_LETTERS + 1]; /* fewer letters, or sounds, in common of so many: no level goes by them */
    /* Hashes of the words that make a compound of a word they stand beside, ascending. */
    const uint64_t *known;
    int64_t known_count;
} Rule;

INLINE int size_of(const Texts *texts, int64_t at) { return texts->start[at + 1] - texts->start[at]; }
INLINE const uint8_t *text_of(const Texts *texts, int64_t at) { return texts->sign + texts->start[at]; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }
INLINE int larger(int a, int b) { return a > b ? a : b; }
INLINE double least_of(double a, double b) { return a < b ? a : b; }
INLINE double most_of(double a, double b) { return a > b ? a : b; }

INLINE const uint8_t *letters_of(const Side *side, int64_t i) { return side->compact.sign + side->at[i].compact; }
INLINE const uint8_t *sounds_of(const Side *side, int64_t i) { return side->key.sign + side->at[i].key; }
INLINE const uint8_t *bones_of(const Side *side, int64_t i) { return side->bones.sign + side->at[i].bones; }
INLINE const uint8_t *word_text(const Words *words, int32_t i) { return words->text.sign + words->at[i].text; }
INLINE const uint8_t *word_key(const Words *words, int32_t i) { return words->key.sign + words->at[i].key; }

/* The most letters, or sounds, that two names or words could have in common, in any order. */
#define LETTERS_SHARED(a, b) (COUNT_BITS((a)->held & (b)->held) + smaller((a)->again, (b)->again))
#define SOUNDS_SHARED(a, b) (COUNT_BITS((a)->key_held & (b)->key_held) + smaller((a)->key_again, (b)->key_again))

/* The place of the first of ascending numbers that is not below the one wanted. */
static int64_t place_of(const uint64_t *code, int64_t codes, uint64_t wanted) {
    int64_t low = 0, high = codes;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (code[middle] < wanted) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* 1 less the share of letters that differ, as rapidfuzz has it. */
INLINE double alike(int common, int total) {
    return total ? 1.0 - (double)(total - 2 * common) / (double)total : 1.0;
}

#endif
