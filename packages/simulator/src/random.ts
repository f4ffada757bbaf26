import { randomBytes } from 'node:crypto'

/** A source of random bytes; replaced where a test needs known values. */
export type RandomBytes = (size: number) => Uint8Array

/** The system's random source. */
export const systemRandom: RandomBytes = (size) => randomBytes(size)

/**
 * Draws 32 random bytes, the size of every code, token and credential.
 *
 * @param random Source of the bytes.
 * @returns 64 lower-case hexadecimal characters.
 */
export function randomHex(random: RandomBytes): string {
  return Buffer.from(random(32)).toString('hex')
}
