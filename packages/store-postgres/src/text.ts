/** Begins a character that is written as its code: four hexadecimal digits follow. */
const ESCAPE = '␛'

/**
 * Writes text of any characters as text that PostgreSQL can hold: NUL, which it refuses, and half
 * surrogates, which UTF-8 would turn into one and the same replacement character, become codes. All
 * ordinary text stays as it is.
 */
export function encodeText(text: string): string {
  return text.replace(
    /[\0␛\p{Surrogate}]/gu,
    (character) => ESCAPE + character.charCodeAt(0).toString(16).padStart(4, '0'),
  )
}

/** Reads what {@link encodeText} wrote. */
export function decodeText(encoded: string): string {
  return encoded.replace(/␛([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/**
 * Writes the start of a text so that it starts whatever {@link encodeText} makes of the whole. The
 * first half of a surrogate pair is left out: it looks different alone. Check what is found.
 */
export function encodePrefix(prefix: string): string {
  return encodeText(prefix.replace(/[\uD800-\uDBFF]$/, ''))
}
