/* Two-Way string matching (Crochemore and Perrin, Journal of the ACM 38, 1991): a
   number of comparisons linear in both lengths, without memory of its own. */

#ifndef FAST_TWO_WAY_H
#define FAST_TWO_WAY_H

HIDDEN const char *fast_two_way(const char *text, size_t n, const char *needle, size_t length);
HIDDEN const char *fast_two_way_folded(const char *text, size_t n, const char *needle, size_t length);

SCALAR unsigned char as_folded(char c, int folded)
{
	return folded ? lower((unsigned char)c) : (unsigned char)c;
}

/* Where the largest suffix begins in one of the two orders of bytes, less 1, and its period. */
SCALAR ptrdiff_t largest_suffix(const char *x, ptrdiff_t length, int reversed, int folded, ptrdiff_t *period)
{
	ptrdiff_t suffix = -1, at = 0, k = 1;

	*period = 1;
	while (at + k < length) {
		unsigned char a = as_folded(x[at + k], folded), b = as_folded(x[suffix + k], folded);

		if (a == b) {
			if (k == *period) {
				at += k;
				k = 1;
			} else {
				k++;
			}
		} else if ((a < b) != reversed) {
			at += k;
			k = 1;
			*period = at - suffix;
		} else {
			suffix = at++;
			k = *period = 1;
		}
	}
	return suffix;
}

SCALAR const char *two_way(const char *text, size_t n, const char *x, size_t size, int folded)
{
	ptrdiff_t length = (ptrdiff_t)size, period, other_period;
	ptrdiff_t cut = largest_suffix(x, length, 0, folded, &period);
	ptrdiff_t other = largest_suffix(x, length, 1, folded, &other_period);
	ptrdiff_t known = -1, kept;
	const char *last = text + n - size;

	if (n < size)
		return 0;
	if (other > cut) {
		cut = other;
		period = other_period;
	}
	/* How much of a needle that repeats itself is known to match after a shift by its period. */
	kept = length - period - 1;
	for (ptrdiff_t i = 0; i <= cut; i++) {
		if (as_folded(x[i], folded) != as_folded(x[i + period], folded)) {
			period = (cut + 1 > length - cut - 1 ? cut + 1 : length - cut - 1) + 1;
			kept = -1;
			break;
		}
	}
	while (text <= last) {
		ptrdiff_t i = (known > cut ? known : cut) + 1;

		while (i < length && as_folded(x[i], folded) == as_folded(text[i], folded))
			i++;
		if (i < length) {
			text += i - cut;
			known = -1;
			continue;
		}
		i = cut;
		while (i > known && as_folded(x[i], folded) == as_folded(text[i], folded))
			i--;
		if (i <= known)
			return text;
		text += period;
		known = kept;
	}
	return 0;
}

#endif
