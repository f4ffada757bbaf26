import type { IncomingMessage } from 'node:http'

/** The largest body that is accepted, in bytes. */
export const bodyLimitBytes = 1_048_576

/**
 * Reads the body of a request to its end, and keeps no more than one piece beyond the limit.
 *
 * @param incoming The request.
 * @returns The bytes; more than the limit when there were too many.
 * @throws {Error} when the client hangs up before the end.
 */
export async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  if (incoming.method === 'GET' || incoming.method === 'HEAD') return new Uint8Array()
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const chunk of incoming) {
    const piece: unknown = chunk
    if (!(piece instanceof Uint8Array)) continue
    if (size <= bodyLimitBytes) pieces.push(piece)
    size += piece.length
  }
  return Buffer.concat(pieces)
}
