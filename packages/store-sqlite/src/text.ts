/**
 * Writes text so that every driver and SQLite itself keep it apart and whole: some cut text at a NUL,
 * and UTF-8 has no lone surrogates. Only those two and the backslash change. Text that starts alike is
 * written alike, so prefixes stay prefixes.
 */
export function escapeText(text: string): string {
  return text.replace(/[\\\0]|\p{Surrogate}/gu, (character) =>
    character === '\\' ? '\\\\' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Reads what {@link escapeText} wrote. */
export function unescapeText(text: string): string {
  return text.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, code: string | undefined) =>
    code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
