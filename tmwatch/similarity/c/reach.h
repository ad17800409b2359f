/* The joined score of a pair, and the highest that it could be from what is known of it so far. */
#ifndef TMWATCH_REACH_H
#define TMWATCH_REACH_H

#include "levels.h"

/* What two names may have in common: a word, a sound, a part; a meaning; a word that the other writes as two; a
   meaning of several words together, which the rule itself has to be asked about. */
enum { SHARED = 1, MEANT = 2, JOINED = 4, PHRASED = 8 };

INLINE double strongest(const double *number) {
    return most_of(most_of(number[COVER_BOTH], number[LETTERS]), most_of(number[KEY_LETTERS], number[READING]));
}

/* `formula.joined`. */
INLINE double joined(const Rule *rule, double *number) {
    number[STRONGEST] = strongest(number);
    double total = rule->constant;
    for (int i = 0; i < NUMBERS; i++) total += number[i] * rule->weight[i];
    for (int64_t p = 0; p < rule->products; p++)
        total += number[rule->one[p]] * number[rule->other[p]] * rule->product[p];
    return total;
}

/* How many letters of so many have to be in common to be alike by `least`. */
static uint8_t fewest(int total, double least) {
    int common = 0;
    while (common < 255 && alike(common, total) < least) common++;
    return (uint8_t)common;
}

/* What of the rule can be worked out once. */
static void plan(Rule *rule) {
    /* Known less well come later: of a product, it is counted for that number. */
    static const char order[NUMBERS] = {
        [COVER_ONE] = 8, [COVER_OTHER] = 7, [COVER_BOTH] = 6, [BITS] = 9, [TOP_BITS] = 6, [LETTERS] = 4,
        [OPENING] = 5, [KEY_LETTERS] = 3, [KEY_OPENING] = 5, [BONES] = 2, [SAME_LETTERS] = 2, [SAME_KEY] = 2,
        [SENSE] = 6, [OWN_WORD] = 6, [THEIR_WORD] = 6, [STRONGEST] = 9,
    };
    memset(rule->square, 0, sizeof rule->square);
    rule->crosses = rule->bends = 0;
    for (int64_t p = 0; p < rule->products; p++) {
        int one = (int)rule->one[p], other = (int)rule->other[p], at = rule->crosses;
        if (one == other) {
            rule->square[one] += rule->product[p];
            continue;
        }
        rule->into[at] = order[one] < order[other] ? other : one;
        rule->with[at] = (order[one] < order[other] ? one : other) + (rule->product[p] > 0 ? NUMBERS : 0);
        rule->cross[at] = rule->product[p];
        rule->crosses++;
    }
    for (int i = 0; i < NUMBERS; i++)
        if (rule->square[i] < 0) rule->bent[rule->bends++] = i;
    double apart = least_of(least_of(rule->sight, rule->hearing), rule->letters_alone);
    apart = least_of(apart, least_of(rule->letters_in_spite, rule->letters_beside_part));
    for (int total = 0; total <= 2 * MOST_LETTERS; total++) {
        int common = 0;
        while (common < 255 && alike(common, total) <= rule->alike_from) common++;
        rule->enough[total] = (uint8_t)common;
        rule->letters[total] = fewest(total, rule->least_letters);
        rule->sounds[total] = fewest(total, rule->least_sound);
        rule->near_letters[total] = fewest(total, rule->sight);
        rule->apart[total] = fewest(total, apart);
        rule->near_sounds[total] = fewest(total, rule->hearing);
    }
}

/* A bound of `joined` where each number is known from below and above, all from 0 on: `bound` has the numbers
   from below and then those from above.

   A product is counted for one of its two numbers, with the other as it helps most; then each number is taken
   where it helps most. */
INLINE double reach(const Rule *rule, double *bound) {
    double slope[NUMBERS], *low = bound, *high = bound + NUMBERS, total = rule->constant + 1e-9;
    low[STRONGEST] = strongest(low);
    high[STRONGEST] = strongest(high);
    memcpy(slope, rule->weight, sizeof slope);
    for (int p = 0; p < rule->crosses; p++) slope[rule->into[p]] += rule->cross[p] * bound[rule->with[p]];
    for (int i = 0; i < NUMBERS; i++) {
        double most = (slope[i] + rule->square[i] * high[i]) * high[i];
        total += most_of(most, (slope[i] + rule->square[i] * low[i]) * low[i]);
    }
    for (int b = 0; b < rule->bends; b++) { /* at most between the two */
        int i = rule->bent[b];
        double turn = slope[i] / (-2 * rule->square[i]);
        if (turn <= low[i] || turn >= high[i]) continue;
        double ends = most_of((slope[i] + rule->square[i] * high[i]) * high[i],
                              (slope[i] + rule->square[i] * low[i]) * low[i]);
        total += (slope[i] + rule->square[i] * turn) * turn - ends;
    }
    return total;
}

typedef struct {
    double score;
    int same, nearest; /* the nearest level by what the two share */
} Scored;

/* Whether two names that share a group may have as much in common as `may_be_near` asks for, in any order, and
   where level 1 is asked for, as that does. */
INLINE int may_have_enough(const Rule *rule, const NameAt *own, const NameAt *their, int kind, int level) {
    int total = own->size + their->size, key_total = own->key_size + their->key_size;
    int common = LETTERS_SHARED(own, their), key_common = SOUNDS_SHARED(own, their);
    if (level == 1 && !(kind & SHARED))
        return common >= rule->near_letters[total] || key_common >= rule->near_sounds[key_total];
    return kind & (SHARED | MEANT) || common >= rule->letters[total] || key_common >= rule->sounds[key_total];
}

/* The score of a pair that is near by what it shares, or 0 where it cannot reach `least` or is farther than
   `level`; steps from cheap to dear, each with what the score could still be. Pairs of the same letters are
   always scored. */
INLINE int score(const Rule *rule, Mark *mark, const Side *names, int64_t name, int shared, int kind,
                 double least, int level, Scored *out) {
    double bound[2 * NUMBERS], *low = bound, *high = bound + NUMBERS;
    const NameAt *own = &mark->side->at[mark->at], *their = &names->at[name];
    int size = own->size, length = their->size, total = size + length;
    int key_size = own->key_size, other_key = their->key_size, key_total = key_size + other_key;
    int related = kind & (SHARED | MEANT), sounds = rule->sounds[key_total];
    const uint8_t *text = letters_of(names, name), *key = sounds_of(names, name);
    /* Letters in any order first, which is the most that there can be in order. */
    int common = LETTERS_SHARED(own, their), key_common = SOUNDS_SHARED(own, their);
    int apart = related && common < rule->apart[total] && key_common < rule->apart[key_total];
    if (!apart) {
        common = in_common(&mark->compact, text, length);
        int by_sound = !related && common < rule->letters[total];
        if (by_sound && key_common < sounds) return 0;
        key_common = in_common(&mark->key, key, other_key);
        if (by_sound && key_common < sounds) return 0;
    }
    out->same = common == size && size == length;
    if (level == 1 && common < rule->near_letters[total] && key_common < rule->near_sounds[key_total]) {
        int every;
        words_shared(mark, names, name, &every);
        if (!every) return 0;
    }
    double worth = in_whole_names(rule, mark, names, name, common, high);
    int bones = own->bones_size, other_bones = their->bones_size;
    high[LETTERS] = worth * alike(common, total);
    high[KEY_LETTERS] = worth * alike(key_common, key_total);
    high[SAME_LETTERS] = out->same;
    high[SAME_KEY] = key_common == key_size && key_size == other_key;
    Match found[MOST_MATCHES];
    mark_words(mark);
    int many = match_all(rule, mark, names, name, found);
    met_of_mark(mark, names, name, found, many, high); /* with the letters all that the level goes by */
    out->nearest = out->same ? 1 : nearest_level(rule, mark, names, name, high, found, many);
    if (out->nearest > level) return 0;
    if (apart) {
        common = in_common(&mark->compact, text, length);
        key_common = in_common(&mark->key, key, other_key);
        high[LETTERS] = worth * alike(common, total);
        high[KEY_LETTERS] = worth * alike(key_common, key_total);
    }
    at_sight(rule, mark, names, name, worth, shared, high);
    by_words(rule, mark, names, name, found, many, high);
    high[BONES] = worth * alike(in_common(&mark->bones, bones_of(names, name), other_bones),
                                bones + other_bones);
    memcpy(low, high, NUMBERS * sizeof *low);
    high[OPENING] = worth * most_jaro(mark->compact.text, size, text, length, LETTERS_SHARED(own, their));
    high[KEY_OPENING] = worth * most_jaro(mark->key.text, key_size, key, other_key, SOUNDS_SHARED(own, their));
    low[OPENING] = low[KEY_OPENING] = 0.0;
    if (!out->same && reach(rule, bound) < least) return 0;

    high[OPENING] = worth * jaro_winkler(&mark->compact, text, length);
    high[KEY_OPENING] = worth * jaro_winkler(&mark->key, key, other_key);
    out->score = joined(rule, high);
    return out->same || out->score >= least;
}

/* `features.measure`, all numbers, with the matches. Returns how many matches there are. */
static int measure(const Rule *rule, Mark *mark, const Side *names, int64_t name, int shared, double *number,
                   Match *found) {
    const uint8_t *text = letters_of(names, name), *key = sounds_of(names, name);
    int size = mark->compact.size, length = names->at[name].size;
    int key_size = mark->key.size, other_key = names->at[name].key_size;
    int common = in_common(&mark->compact, text, length), key_common = in_common(&mark->key, key, other_key);
    int other_bones = names->at[name].bones_size;
    mark_words(mark);
    double worth = in_whole_names(rule, mark, names, name, common, number);
    at_sight(rule, mark, names, name, worth, shared, number);
    int many = match_all(rule, mark, names, name, found);
    by_words(rule, mark, names, name, found, many, number);
    number[LETTERS] = worth * alike(common, size + length);
    number[KEY_LETTERS] = worth * alike(key_common, key_size + other_key);
    number[OPENING] = worth * jaro_winkler(&mark->compact, text, length);
    number[KEY_OPENING] = worth * jaro_winkler(&mark->key, key, other_key);
    number[BONES] = worth * alike(in_common(&mark->bones, bones_of(names, name), other_bones),
                                  mark->bones.size + other_bones);
    number[SAME_LETTERS] = common == size && size == length;
    number[SAME_KEY] = key_common == key_size && key_size == other_key;
    number[STRONGEST] = strongest(number);
    return many;
}

#endif
