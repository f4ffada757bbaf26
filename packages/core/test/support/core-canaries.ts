import { inspect } from 'node:util'

/** Values that must never be seen; each is unlike anything else in a message. */
export const CANARY = {
  accessToken: 'canary-access-4b1f9c',
  refreshToken: 'canary-refresh-77e0aa',
  newAccessToken: 'canary-new-access-90d2',
  newRefreshToken: 'canary-new-refresh-51cc',
  code: 'canary-code-c0ffee11',
  clientSecret: 'canary-secret-8a8a8a',
} as const

/** Returns the canaries that show in a value, however it is printed or walked. */
export function leaks(value: unknown): string[] {
  const text = [
    everyText(value),
    inspect(value, { depth: Infinity, showHidden: true }),
    json(value),
  ]
  return Object.values(CANARY).filter((canary) => text.some((part) => part.includes(canary)))
}

/** All text that a program can reach from a value: properties of any kind, causes, prototypes. */
function everyText(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value === 'string') return `${value}\n`
  if (typeof value !== 'object' || value === null || seen.has(value)) return ''
  seen.add(value)
  let text = ''
  for (const key of Reflect.ownKeys(value)) {
    text += `${String(key)}\n${everyText(read(value, key), seen)}`
  }
  return text
}

function read(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}
