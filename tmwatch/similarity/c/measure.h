/* What two names share, as numbers: `features.measure` for plain names, number by number the same. */
#ifndef TMWATCH_MEASURE_H
#define TMWATCH_MEASURE_H

#include "names.h"
#include "texts.h"

enum { SIGHT, SOUND, MEANING, PART, NOTHING };

/* A word of the mark and the word of the name that it meets. `one` and `other`: the place of the word in its
   name; below zero, the neighbours written as one word: -1 the first, -2 the second. */
typedef struct {
    int one, other;
    double alike, bits;
    int how;
} Match;

/* A mark laid ready: its letters, sounds and words as patterns. */
typedef struct {
    const Side *side;
    int64_t at;
    int words, ready;
    Pattern compact, key, bones, text[MOST_WORDS], sound[MOST_WORDS];
} Mark;

INLINE void mark_set(Mark *mark, const Side *side, int64_t at) {
    mark->side = side;
    mark->at = at;
    mark->words = side->at[at].words;
    mark->ready = 0;
    pattern_set(&mark->compact, letters_of(side, at), side->at[at].size);
    pattern_set(&mark->key, sounds_of(side, at), side->at[at].key_size);
}

/* The rest of the patterns, which most names do not need. */
INLINE void mark_words(Mark *mark) {
    const Side *side = mark->side;
    if (mark->ready) return;
    mark->ready = 1;
    pattern_set(&mark->bones, bones_of(side, mark->at), side->at[mark->at].bones_size);
    for (int i = 0; i < mark->words; i++) {
        int32_t word = side->word[side->at[mark->at].word + i];
        pattern_set(&mark->text[i], word_text(&side->words, word), side->words.at[word].size);
        pattern_set(&mark->sound[i], word_key(&side->words, word), side->words.at[word].key_size);
    }
}

INLINE void mark_clear(Mark *mark) {
    pattern_clear(&mark->compact);
    pattern_clear(&mark->key);
    if (!mark->ready) return;
    pattern_clear(&mark->bones);
    for (int i = 0; i < mark->words; i++) {
        pattern_clear(&mark->text[i]);
        pattern_clear(&mark->sound[i]);
    }
}

/* `features._shape`. */
INLINE double shape(const Rule *rule, double likeness) {
    if (likeness <= rule->alike_from) return 0.0;
    double part = (likeness - rule->alike_from) / (1.0 - rule->alike_from);
    return part * (rule->shape_line + (1.0 - rule->shape_line) * part);
}

/* Whether so many letters in common are more than `alike_from` of all: `shape` is 0 where they are not. */
INLINE int enough(const Rule *rule, int common, int total) {
    return total > 2 * MOST_LETTERS || common >= rule->enough[total];
}

static int both_hold(const uint64_t *one, int many, const uint64_t *other, int more, uint64_t *first) {
    for (int i = 0; i < many; i++)
        for (int j = 0; j < more; j++)
            if (one[i] == other[j]) {
                *first = one[i];
                return 1;
            }
    return 0;
}

/* `features._sense`: what the meanings of two words have in common. */
static double in_meaning(const Rule *rule, const Words *mine, int32_t a, const Words *theirs, int32_t b) {
    const uint64_t *sense = mine->sense + mine->sense_start[a], *sense2 = theirs->sense + theirs->sense_start[b];
    int many = mine->sense_start[a + 1] - mine->sense_start[a];
    int more = theirs->sense_start[b + 1] - theirs->sense_start[b];
    uint64_t found, shared = 0;
    int several = 0, any = 0;
    if (both_hold(sense, many, sense2, more, &found)) return rule->sense_worth;
    int32_t first = mine->split_start[a], last = mine->split_start[a + 1];
    int32_t first2 = theirs->split_start[b], last2 = theirs->split_start[b + 1];
    double best = 0.0;
    for (int32_t i = first; i < last; i++) {
        const uint64_t *own = mine->part_sense + mine->part_sense_start[i];
        int held = mine->part_sense_start[i + 1] - mine->part_sense_start[i];
        if (both_hold(own, held, sense2, more, &found)) best = most_of(best, rule->part_sense_worth);
        for (int32_t j = first2; j < last2; j++) {
            const uint64_t *their = theirs->part_sense + theirs->part_sense_start[j];
            int held2 = theirs->part_sense_start[j + 1] - theirs->part_sense_start[j];
            if (mine->part[i] == theirs->part[j] || !both_hold(own, held, their, held2, &found)) continue;
            several |= any && found != shared;
            any = 1;
            shared = found;
            int same_rest = mine->rest[i] == theirs->rest[j];
            best = most_of(best, same_rest ? rule->sense_worth : rule->parts_worth);
        }
    }
    for (int32_t j = first2; j < last2; j++) {
        const uint64_t *their = theirs->part_sense + theirs->part_sense_start[j];
        int held2 = theirs->part_sense_start[j + 1] - theirs->part_sense_start[j];
        if (both_hold(their, held2, sense, many, &found)) best = most_of(best, rule->part_sense_worth);
    }
    return several ? most_of(best, rule->sense_worth) : best;
}

static int is_known(const Rule *rule, uint64_t code) {
    int64_t at = place_of(rule->known, rule->known_count, code);
    return at < rule->known_count && rule->known[at] == code;
}

/* `features.part_bits`: of a word that stands inside the other, or of a known part of both. */
static double part_bits(const Rule *rule, const Words *mine, int32_t a, const Words *theirs, int32_t b) {
    int size = mine->at[a].size, length = theirs->at[b].size;
    if (size >= length) {
        const Words *words = mine;
        int32_t at = a;
        int large = size;
        mine = theirs, theirs = words, a = b, b = at, size = length, length = large;
    }
    const uint8_t *small = word_text(mine, a), *large = word_text(theirs, b);
    int at = place_in(small, size, large, length);
    if (at < 0) {
        double best = 0.0;
        for (int32_t i = mine->split_start[a]; i < mine->split_start[a + 1]; i++)
            for (int32_t j = theirs->split_start[b]; j < theirs->split_start[b + 1]; j++)
                if (mine->part[i] == theirs->part[j]) best = most_of(best, mine->part_bits[i]);
        return best;
    }
    double bits = mine->at[a].inside;
    if ((at != 0 && at + size != length) || size < 2) return rule->part_only * bits;
    const uint8_t *rest = at == 0 ? large + size : large;
    int left = at == 0 ? length - size : at;
    if (size > 2 && left > 1 && is_known(rule, hash_of(rest, left)))
        return most_of(bits, rule->compound_worth * mine->at[a].bits);
    return rule->edge_worth * bits;
}

/* `features.match_words`: how word `i` of the mark and word `b` of the name are alike, by what says most. */
INLINE Match match_words(const Rule *rule, const Mark *mark, int i, const Side *names, int32_t b) {
    const Words *mine = &mark->side->words, *theirs = &names->words;
    int32_t a = mark->side->word[mark->side->at[mark->at].word + i];
    const WordAt *one = &mine->at[a], *other = &theirs->at[b];
    Match out = {i, 0, 1.0, one->bits, SIGHT};
    if (one->text_code == other->text_code) return out;
    double low = least_of(one->bits, other->bits);
    int key_size = one->key_size, other_key = other->key_size;
    if (key_size && one->key_code == other->key_code) {
        out.alike = rule->heard, out.bits = low * rule->heard, out.how = SOUND;
        return out;
    }
    int size = one->size, length = other->size, small = smaller(size, length);
    int total = size + length, key_total = key_size + other_key;
    int most = LETTERS_SHARED(one, other);
    double best = 0.0, sight;
    out.how = SIGHT;
    if (enough(rule, most, total)) {
        sight = alike(in_common(&mark->text[i], word_text(theirs, b), length), total);
        best = shape(rule, sight);
    }
    if (enough(rule, SOUNDS_SHARED(one, other), key_total)) {
        double heard = alike(in_common(&mark->sound[i], word_key(theirs, b), other_key), key_total);
        heard = rule->heard * shape(rule, heard);
        if (heard > best) best = heard, out.how = SOUND;
    }
    uint32_t told = one->told & other->told; /* nothing of it: no meaning, or no known part, in common */
    int parted = (told & PARTS_TOLD) != 0;
    if (told & ~PARTS_TOLD) {
        double sense = in_meaning(rule, mine, a, theirs, b);
        if (sense > best) best = sense, out.how = MEANING;
    }
    out.alike = best;
    out.bits = out.how == MEANING && best == rule->sense_worth
                   ? rule->sense_worth * (one->bits + other->bits) / 2
                   : best * low;
    if (parted || most >= small) {
        const uint8_t *text = word_text(mine, a), *text2 = word_text(theirs, b);
        int in = size <= length ? place_in(text, size, text2, length) : place_in(text2, length, text, size);
        if (parted || in >= 0) {
            double part = part_bits(rule, mine, a, theirs, b);
            if (part > out.bits) {
                out.bits = part, out.how = PART;
                out.alike = least_of(1.0, part / most_of(low, 1.0));
                return out;
            }
        }
    }
    if (best <= 0.0) out.how = NOTHING;
    return out;
}

/* Whether the two words have anything in common that `match_words` could find: most have not. */
INLINE int may_match(const Rule *rule, const WordAt *one, const WordAt *other) {
    int most = LETTERS_SHARED(one, other);
    return one->text_code == other->text_code || one->key_code == other->key_code || one->told & other->told ||
           most >= smaller(one->size, other->size) || enough(rule, most, one->size + other->size) ||
           enough(rule, SOUNDS_SHARED(one, other), one->key_size + other->key_size);
}

/* `features.match_all`: for each word of the mark its best match, where there is one. Returns how many. */
INLINE int match_all(const Rule *rule, const Mark *mark, const Side *names, int64_t name, Match *found) {
    const Side *marks = mark->side;
    int32_t first = names->at[name].word, last = first + names->at[name].words;
    int32_t joined = 0, joined_end = 0;
    if (names->at[name].joins) joined = names->joined_start[name], joined_end = names->joined_start[name + 1];
    int many = 0;
    for (int i = 0; i < mark->words; i++) {
        int32_t a = marks->word[marks->at[mark->at].word + i];
        Match best = {i, 0, 0.0, 0.0, NOTHING};
        const WordAt *own = &marks->words.at[a];
        for (int32_t at = first; at < last; at++) {
            if (!may_match(rule, own, &names->words.at[names->word[at]])) continue;
            Match match = match_words(rule, mark, i, names, names->word[at]);
            match.other = at - first;
            if (match.how != NOTHING && (best.how == NOTHING || match.bits > best.bits)) best = match;
        }
        for (int32_t at = joined; at < joined_end; at++)
            if (names->joined_key[at] == marks->words.at[a].key_code) {
                if (best.how == NOTHING || best.alike < rule->little_alike) {
                    best.other = -1 - (at - joined), best.alike = rule->heard, best.how = SOUND;
                    best.bits = rule->heard * least_of(marks->words.at[a].bits, names->joined_bits[at]);
                }
                break;
            }
        if (best.how != NOTHING) found[many++] = best;
    }
    if (!marks->at[mark->at].joins) return many;
    joined = marks->joined_start[mark->at], joined_end = marks->joined_start[mark->at + 1];
    for (int32_t at = first; at < last; at++) {
        int32_t b = names->word[at];
        int32_t with = joined;
        while (with < joined_end && marks->joined_key[with] != names->words.at[b].key_code) with++;
        if (with == joined_end) continue;
        int enough = 0, kept = 0;
        for (int k = 0; k < many; k++)
            enough |= found[k].other >= 0 && names->word[first + found[k].other] == b &&
                      found[k].alike >= rule->little_alike;
        if (enough) continue;
        for (int k = 0; k < many; k++)
            if (found[k].other < 0 || names->word[first + found[k].other] != b) found[kept++] = found[k];
        many = kept;
        Match match = {-1 - (with - joined), at - first, rule->heard, 0.0, SOUND};
        match.bits = rule->heard * least_of(names->words.at[b].bits, marks->joined_bits[with]);
        found[many++] = match;
    }
    return many;
}

/* The bits of the two words of a match. */
INLINE void bits_of(const Mark *mark, const Side *names, int64_t name, const Match *match, double *one,
                    double *other) {
    const Side *marks = mark->side;
    if (match->one >= 0) *one = marks->words.at[marks->word[marks->at[mark->at].word + match->one]].bits;
    else *one = marks->joined_bits[marks->joined_start[mark->at] - 1 - match->one];
    if (match->other >= 0) *other = names->words.at[names->word[names->at[name].word + match->other]].bits;
    else *other = names->joined_bits[names->joined_start[name] - 1 - match->other];
}

/* How much of the mark is met: of all its words, and of its own. */
INLINE void met_of_mark(const Mark *mark, const Side *names, int64_t name, const Match *found, int many,
                        double *number) {
    const NameAt *marks = &mark->side->at[mark->at];
    double bits = 0.0, own = 0.0;
    for (int k = 0; k < many; k++) {
        double one, other;
        bits_of(mark, names, name, &found[k], &one, &other);
        bits += found[k].bits;
        if (one >= marks->most) own = most_of(own, found[k].bits);
    }
    number[COVER_ONE] = marks->bits != 0.0 ? least_of(1.0, bits / marks->bits) : 0.0;
    number[OWN_WORD] = marks->most != 0.0 ? least_of(1.0, own / marks->most) : 0.0;
}

/* The numbers of the words, from their matches. */
INLINE void by_words(const Rule *rule, const Mark *mark, const Side *names, int64_t name, const Match *found,
                     int many, double *number) {
    const Side *marks = mark->side;
    int32_t first = names->at[name].word;
    double bits = 0.0, top = 0.0, sense = 0.0, own = 0.0, their = 0.0, covered = 0.0;
    uint64_t text[MOST_MATCHES];
    double most[MOST_MATCHES];
    int met[MOST_MATCHES], texts = 0, as_one = 0, any = 0;
    for (int k = 0; k < many; k++) {
        const Match *match = &found[k];
        double one, other;
        bits_of(mark, names, name, match, &one, &other);
        uint64_t code = match->other >= 0 ? names->words.at[names->word[first + match->other]].text_code
                                          : names->joined_text[names->joined_start[name] - 1 - match->other];
        bits += match->bits;
        top = most_of(top, match->bits);
        if (match->how == MEANING) sense += match->bits;
        if (one >= marks->at[mark->at].most) own = most_of(own, match->bits);
        if (other >= names->at[name].most) their = most_of(their, match->bits);
        int at = 0;
        while (at < texts && text[at] != code) at++;
        if (at == texts) text[texts] = code, met[texts] = 0, most[texts++] = 0.0;
        most[at] = most_of(most[at], match->bits);
        if (match->alike > rule->little) met[at] = any = 1, as_one |= match->other < 0;
    }
    for (int at = 0; at < texts; at++) covered += most[at];
    double whole = marks->at[mark->at].bits, other = names->at[name].bits;
    number[COVER_ONE] = whole != 0.0 ? least_of(1.0, bits / whole) : 0.0;
    number[COVER_OTHER] = other != 0.0 ? least_of(1.0, covered / other) : 0.0;
    number[COVER_BOTH] = number[COVER_ONE] * number[COVER_OTHER];
    number[BITS] = least_of(1.0, bits / rule->many_bits);
    number[TOP_BITS] = least_of(1.0, top / rule->most_bits);
    number[SENSE] = whole != 0.0 ? least_of(1.0, sense / whole) : 0.0;
    double mine = marks->at[mark->at].most, theirs = names->at[name].most;
    number[OWN_WORD] = mine != 0.0 ? least_of(1.0, own / mine) : 0.0;
    number[THEIR_WORD] = theirs != 0.0 ? least_of(1.0, their / theirs) : 0.0;
    double left = 0.0, left_most = 0.0, trade = 0.0;
    for (int32_t word = first; word < first + names->at[name].words && !as_one; word++) {
        const WordAt *held = &names->words.at[names->word[word]];
        int at = 0;
        while (at < texts && !(met[at] && text[at] == held->text_code)) at++;
        if (at < texts) continue;
        left += held->bits;
        left_most = most_of(left_most, held->bits);
        if (held->bits <= rule->weak) trade += held->bits;
    }
    number[LEFT_BITS] = least_of(1.0, left / rule->many_bits);
    number[LEFT_MOST] = least_of(1.0, left_most / rule->most_bits);
    number[LEFT_TRADE] = !any ? 0.0 : left != 0.0 ? trade / left : 1.0;
}

/* Whether the two have a word in common; whether each word of the mark is a word of the name. */
INLINE int words_shared(const Mark *mark, const Side *names, int64_t name, int *every) {
    const Side *marks = mark->side;
    int any = 0;
    *every = 1;
    for (int i = 0; i < mark->words; i++) {
        uint64_t code = marks->words.at[marks->word[marks->at[mark->at].word + i]].text_code;
        int here = 0;
        for (int k = 0; k < names->at[name].words; k++)
            here |= names->words.at[names->word[names->at[name].word + k]].text_code == code;
        any |= here;
        *every &= here;
    }
    return any;
}

/* The numbers of one name standing in the other, and of short marks. Returns what the numbers of the names run
   together are worth: less where a mark of two letters only stands in a word (JD in JDEX). `common`: letters that
   the two have in common at most. */
INLINE double in_whole_names(const Rule *rule, const Mark *mark, const Side *names, int64_t name, int common,
                             double *number) {
    const NameAt *own = &mark->side->at[mark->at], *their = &names->at[name];
    const uint8_t *a = mark->compact.text, *b = letters_of(names, name);
    int size = own->size, length = their->size, small = smaller(size, length);
    double worth = 1.0;
    number[WHOLE_START] = number[WHOLE_END] = number[WHOLE_INSIDE] = number[WHOLE_BITS] = 0.0;
    number[SHORT_NEAR] = short_near(a, size, b, length, (int)rule->shortest_mark);
    if (common < small || size == length || small < 2) return worth;
    const uint8_t *few = size < length ? a : b, *many = size < length ? b : a;
    int large = larger(size, length), at = place_in(few, small, many, large);
    if (at < 0) return worth;
    int every, ends = !memcmp(many + large - small, few, (size_t)small);
    number[at == 0 ? WHOLE_START : ends ? WHOLE_END : WHOLE_INSIDE] = (double)small / large;
    number[WHOLE_BITS] = (size < length ? own->inside : their->inside) / rule->most_bits;
    if (small <= 2 && number[WHOLE_BITS] != 0.0 && !words_shared(mark, names, name, &every)) {
        worth = rule->weak_inside;
        number[WHOLE_START] *= worth, number[WHOLE_END] *= worth, number[WHOLE_INSIDE] *= worth;
        number[WHOLE_BITS] *= worth;
    }
    return worth;
}

/* The other numbers that neither letters in order nor words have a part in. */
INLINE void at_sight(const Rule *rule, const Mark *mark, const Side *names, int64_t name, double worth, int shared,
                     double *number) {
    const Side *marks = mark->side;
    const NameAt *own = &marks->at[mark->at], *their = &names->at[name];
    int groups = own->groups + their->groups - shared;
    number[TRIGRAMS] = worth * (groups ? (double)shared / groups : 0.0);
    number[FIRST_LETTER] = mark->compact.text[0] == letters_of(names, name)[0];
    number[FIRST_WORD] = 0.0;
    const WordAt *one = &marks->words.at[marks->word[own->word]], *other = &names->words.at[names->word[their->word]];
    double share = least_of(1.0, one->bits / rule->most_bits);
    if (one->text_code == other->text_code) number[FIRST_WORD] = share;
    else if (one->key_code == other->key_code) number[FIRST_WORD] = 0.9 * share;
    number[SHORTNESS] = 1.0 / larger(1, smaller(own->size, their->size));
    number[LENGTH] = least_of(1.0, own->size / rule->longest);
    number[OWN_BITS] = least_of(1.0, own->most / rule->most_bits);
    number[READING] = 0.0;
}

#endif
