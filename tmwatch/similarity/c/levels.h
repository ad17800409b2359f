/* The nearest level that two names may have: `levels.py` for plain names. */
#ifndef TMWATCH_LEVELS_H
#define TMWATCH_LEVELS_H

#include "measure.h"

/* Whether the letters of the mark stand in the name. */
INLINE int holds(const Mark *mark, const Side *names, int64_t name) {
    int size = mark->compact.size, length = names->at[name].size;
    return size <= length && place_in(mark->compact.text, size, letters_of(names, name), length) >= 0;
}

/* The letters of the shorter word of a match by a part, which is of words and never of neighbours. */
INLINE int shorter_of(const Mark *mark, const Side *names, int64_t name, const Match *match) {
    int32_t a = mark->side->word[mark->side->at[mark->at].word + match->one];
    int32_t b = names->word[names->at[name].word + match->other];
    return smaller(mark->side->words.at[a].size, names->words.at[b].size);
}

/* `levels._met_whole`. */
INLINE int met_whole(const Rule *rule, const NameAt *own, const double *number) {
    return number[KEY_LETTERS] >= 1.0 || (own->words == 1 && number[LETTERS] >= rule->letters_in_spite);
}

/* `levels.by_words`. */
static int by_shared_words(const Rule *rule, const Mark *mark, const Side *names, int64_t name,
                           const double *number, const Match *found, int many) {
    const NameAt *own = &mark->side->at[mark->at];
    int every, shared = 0, weak = 1, by_part = 0, by_few = 1, changed = number[OWN_WORD] < rule->changed;
    for (int k = 0; k < many; k++) {
        double one, other;
        bits_of(mark, names, name, &found[k], &one, &other);
        changed |= found[k].how == PART && one >= own->most;
        if (found[k].alike <= rule->little) continue;
        shared = 1;
        weak &= least_of(one, other) <= rule->weak;
        by_part |= found[k].how == PART;
        by_few &= found[k].how == PART && shorter_of(mark, names, name, &found[k]) <= rule->few_letters;
    }
    double alike = most_of(number[LETTERS], number[KEY_LETTERS]);
    int met = number[COVER_ONE] >= rule->covered || holds(mark, names, name) || met_whole(rule, own, number);
    if (shared && weak && !met) {
        int lost = number[OWN_WORD] < rule->lost || (by_part && own->most > rule->weak);
        if (lost && (names->at[name].most <= rule->weak || alike < rule->letters_in_spite))
            return by_part && number[LETTERS] >= rule->letters_beside_part ? 3 : 4;
        return 3;
    }
    if (shared && own->words > 1 && by_few && !holds(mark, names, name)) return 3;
    if (!shared && alike < rule->letters_alone && number[SHORT_NEAR] == 0.0)
        return number[WHOLE_START] != 0.0 || number[WHOLE_END] != 0.0 || number[WHOLE_INSIDE] != 0.0 ? 1 : 3;
    if (own->words < 2 || !changed) return 1;
    words_shared(mark, names, name, &every);
    return every ? 1 : 2;
}

/* `levels.nearest` of names that have not the same letters. */
INLINE int nearest_level(const Rule *rule, const Mark *mark, const Side *names, int64_t name,
                         const double *number, const Match *found, int many) {
    int every, words = by_shared_words(rule, mark, names, name, number, found, many);
    if (words > 1 || number[LETTERS] >= rule->sight || number[KEY_LETTERS] >= rule->hearing) return words;
    words_shared(mark, names, name, &every);
    return every ? 1 : 2;
}

#endif
