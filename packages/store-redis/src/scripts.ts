import { createHash } from 'node:crypto'

/** A script that Redis runs as one step. Each touches one key, so all of them work in a cluster. */
export interface Script {
  readonly source: string
  /** What EVALSHA knows it by, once it was sent with EVAL. */
  readonly sha: string
}

/**
 * Reads a record. A script and not a plain HMGET, because clusters that read from replicas would
 * send that to one, and what is read under a lease must not be old.
 */
export const GET: Script = script(`return redis.call('HMGET', KEYS[1], 'generation', 'value')`)

/**
 * Writes a record. Arguments: '1' when a record is replaced or '0' when there must be none, the
 * generation replaced, the new generation, the value, and an id of this write. A driver that lost
 * the connection sends the same command again: the id tells that it was done already.
 */
export const PUT: Script = script(`
local stored = redis.call('HMGET', KEYS[1], 'generation', 'write')
if stored[2] == ARGV[5] then return 1 end
local replaced = false
if ARGV[1] == '1' then replaced = ARGV[2] end
if stored[1] ~= replaced then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'value', ARGV[4], 'write', ARGV[5])
return 1
`)

/** Deletes a record. Argument: its generation. */
export const DELETE: Script = script(`
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)

/** Takes or renews a lease. Arguments: the owner, and the time in milliseconds. */
export const ACQUIRE: Script = script(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

/** Gives a lease back. Argument: the owner. */
export const RELEASE: Script = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)

function script(text: string): Script {
  const source = text.trim()
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
