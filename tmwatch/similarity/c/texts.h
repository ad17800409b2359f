/* Texts of at most 64 letters beside each other: letters in common, Jaro-Winkler, where one stands. */
#ifndef TMWATCH_TEXTS_H
#define TMWATCH_TEXTS_H

#include "names.h"

/* Which letters a text holds: of each letter the first two have a bit; of each digit, and of the signs S and C
   that sounds are written with, the first one. */
typedef struct {
    uint64_t held;
    uint8_t again; /* signs that have no bit, or none any more */
} Bag;
#define MOST_BAG 255 /* signs; who has more is no plain name */

INLINE Bag bag_of(const uint8_t *text, int size) {
    Bag bag = {0, 0};
    for (int i = 0; i < smaller(size, MOST_BAG); i++) {
        uint8_t sign = text[i];
        uint64_t bit = 0, second = 0;
        if (sign >= 'a' && sign <= 'z') bit = (uint64_t)1 << (sign - 'a'), second = bit << 26;
        else if (sign >= '0' && sign <= '9') bit = (uint64_t)1 << (52 + sign - '0');
        else if (sign == 'S' || sign == 'C') bit = (uint64_t)1 << (sign == 'S' ? 62 : 63);
        uint64_t free = bit & ~bag.held ? bit : second & ~bag.held;
        bag.held |= free;
        bag.again += !free;
    }
    return bag;
}

/* For each sign the places of a text that have it. */
typedef struct {
    uint64_t at[256];
    const uint8_t *text;
    int size;
} Pattern;

INLINE void pattern_set(Pattern *pattern, const uint8_t *text, int size) {
    pattern->text = text;
    pattern->size = size;
    for (int i = 0; i < size; i++) pattern->at[text[i]] |= (uint64_t)1 << i;
}

INLINE void pattern_clear(Pattern *pattern) {
    for (int i = 0; i < pattern->size; i++) pattern->at[pattern->text[i]] = 0;
    pattern->size = 0;
}

/* The length of the longest common subsequence: Hyyrö's bit-parallel algorithm. */
INLINE int in_common(const Pattern *pattern, const uint8_t *text, int size) {
    uint64_t state = ~(uint64_t)0;
    for (int i = 0; i < size; i++) {
        uint64_t seen = state & pattern->at[text[i]];
        state = (state + seen) | (state - seen);
    }
    return COUNT_BITS(~state);
}

INLINE uint64_t low_bits(int count) { return count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1; }

/* Jaro-Winkler likeness as rapidfuzz's normalized_similarity has it: prefix weight 0.1, from 0.7 on. */
INLINE double jaro_winkler(const Pattern *pattern, const uint8_t *text, int size) {
    const uint8_t *own = pattern->text;
    int length = pattern->size;
    if (!length && !size) return 1.0;
    if (!length || !size) return 0.0;
    double jaro = 0.0;
    if (length == 1 && size == 1) {
        jaro = own[0] == text[0];
    } else {
        int reach = larger(length, size) / 2 - 1, last = smaller(size, length + reach), matched = 0;
        uint64_t taken = 0, met = 0;
        for (int j = 0; j < last; j++) {
            int first = larger(0, j - reach), end = smaller(length, j + reach + 1);
            uint64_t free = pattern->at[text[j]] & ~taken & low_bits(end) & ~low_bits(first);
            if (free) {
                taken |= free & (~free + 1);
                met |= (uint64_t)1 << j;
                matched++;
            }
        }
        if (matched) {
            int moved = 0;
            while (met) {
                moved += own[LOWEST_BIT(taken)] != text[LOWEST_BIT(met)];
                met &= met - 1;
                taken &= taken - 1;
            }
            jaro = (double)matched / length;
            jaro += (double)matched / size;
            jaro += (double)(matched - moved / 2) / matched;
            jaro /= 3.0;
        }
    }
    if (jaro > 0.7) {
        int same = 0, most = smaller(4, smaller(length, size));
        while (same < most && own[same] == text[same]) same++;
        jaro += same * 0.1 * (1.0 - jaro);
    }
    return 1.0 - (1.0 - jaro); /* as rapidfuzz comes to it, by way of the distance */
}

/* The most that `jaro_winkler` could be with so many letters in common in any order. */
INLINE double most_jaro(const uint8_t *own, int length, const uint8_t *text, int size, int common) {
    if (!length || !size) return length == size;
    int same = 0, most = smaller(4, smaller(length, size));
    double jaro = ((double)common / length + (double)common / size + 1.0) / 3.0;
    while (same < most && own[same] == text[same]) same++;
    return common ? jaro + same * 0.1 * (1.0 - jaro) + 1e-9 : 0.0;
}

/* Where the shorter text stands in the longer one first, or -1. */
INLINE int place_in(const uint8_t *small, int size, const uint8_t *large, int length) {
    for (int at = 0; at + size <= length; at++)
        if (large[at] == small[0] && !memcmp(large + at, small, (size_t)size)) return at;
    return -1;
}

/* `strings.hashes` of one text. */
#define HASH_STEP UINT64_C(0x9E3779B97F4A7C15)
INLINE uint64_t hash_of(const uint8_t *text, int size) {
    uint64_t out = 0;
    for (int i = 0; i < size; i++) out = out * HASH_STEP + text[i] + 1;
    return out;
}

/* `features.short_near`: a mark of up to three letters that is another but for one, or in another order. */
INLINE int short_near(const uint8_t *a, int size, const uint8_t *b, int length, int longest) {
    if (size < 2 || size > longest || length < 2 || length > size + 1) return 0;
    if (size == length && !memcmp(a, b, (size_t)size)) return 0;
    if (size == length) {
        int differ = 0, last = 0;
        for (int i = 0; i < size; i++)
            if (a[i] != b[i]) differ++, last = i;
        if (differ == 1) return 1;
        if (differ == 2 && a[last] == b[last - 1] && a[last - 1] == b[last]) return 1;
    } else {
        const uint8_t *large = size > length ? a : b, *small = size > length ? b : a;
        int few = smaller(size, length), same = 0;
        while (same < few && small[same] == large[same]) same++;
        if (!memcmp(small + same, large + same + 1, (size_t)(few - same)) && larger(size, length) == few + 1)
            return 1;
    }
    uint64_t used = 0;
    for (int i = 0; i < size; i++) {
        int j = 0;
        while (j < length && (used >> j & 1 || b[j] != a[i])) j++;
        if (j == length) return 0;
        used |= (uint64_t)1 << j;
    }
    return 1;
}

#endif
