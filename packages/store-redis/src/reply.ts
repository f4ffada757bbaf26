import type { StoredRecord } from '@procore-auth/core'
import { decodeText } from './text.js'

/** Reads a record, or `undefined` when there is none. */
export function toRecord(reply: unknown): StoredRecord | undefined {
  if (!Array.isArray(reply)) throw unexpected()
  const [generation, value]: readonly unknown[] = reply
  if (generation === null && value === null) return undefined
  return { generation: decodeText(toText(generation)), value: decodeText(toText(value)) }
}

/** Reads whether a script did what it was asked. */
export function toFlag(reply: unknown): boolean {
  const flag = String(reply)
  if (flag !== '0' && flag !== '1') throw unexpected()
  return flag === '1'
}

/** Reads a page of SCAN: where to go on, and the names it brought. */
export function toScanPage(reply: unknown): {
  readonly cursor: string
  readonly names: readonly string[]
} {
  if (!Array.isArray(reply)) throw unexpected()
  const [cursor, names]: readonly unknown[] = reply
  if (!Array.isArray(names)) throw unexpected()
  return { cursor: toText(cursor), names: names.map(toText) }
}

/** Clients can be told to bring bytes instead of text. */
function toText(reply: unknown): string {
  if (typeof reply === 'string') return reply
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString()
  throw unexpected()
}

function unexpected(): Error {
  return new Error('Redis answered in an unexpected way: is the key used by something else?')
}
