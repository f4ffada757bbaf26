import Database from 'libsql'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type SqliteDatabase, SqliteTokenStore } from '../src/index.js'
import { newFiles } from './support/sqlite-files.js'

const newFile = newFiles()
const first = { generation: 'first', value: 'first value' }
let file = ''
let database = new Database(':memory:')
let store = new SqliteTokenStore(database)

beforeEach(() => {
  file = newFile()
  database = new Database(file)
  store = new SqliteTokenStore(database)
})

function count(table: string): unknown {
  return database.prepare(`SELECT count(*) AS count FROM ${table}`).get()
}

describe('tables', () => {
  test('have names of their own when asked', async () => {
    const named = new SqliteTokenStore(database, { recordsTable: 'Grants_2', leasesTable: '_l' })
    await named.put('key', first, undefined)
    await named.acquireLease('lease', 'owner', 1_000)
    expect(count('Grants_2')).toMatchObject({ count: 1 })
    expect(count('_l')).toMatchObject({ count: 1 })
    expect(await store.get('key')).toBeUndefined()
  })

  test.each([
    '',
    'two words',
    '1st',
    'a"b',
    'a;b',
    'a.b',
    'sqlite_x',
    'SQLITE_x',
    'x'.repeat(65),
    'a\n',
    '\u00e9',
  ])('may not be called %j', (name) => {
    expect(() => new SqliteTokenStore(database, { recordsTable: name })).toThrow(TypeError)
    expect(() => new SqliteTokenStore(database, { leasesTable: name })).toThrow(TypeError)
  })

  test('are two', () => {
    const options = { recordsTable: 'same', leasesTable: 'SAME' }
    expect(() => new SqliteTokenStore(database, options)).toThrow(TypeError)
  })

  test('hold text', async () => {
    await store.put('9007199254740993', { generation: '1', value: '2.0' }, undefined)
    const types = 'SELECT typeof(key) k, typeof(generation) g, typeof(value) v'
    expect(database.prepare(`${types} FROM procore_auth_records`).get()).toMatchObject({
      k: 'text',
      g: 'text',
      v: 'text',
    })
  })

  test('are not touched by opening a store', () => {
    expect(database.prepare('SELECT name FROM sqlite_master').all()).toEqual([])
  })
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('busyTimeoutMs may not be %d', (value) => {
  expect(() => new SqliteTokenStore(database, { busyTimeoutMs: value })).toThrow(TypeError)
})

test('text that SQLite or a driver would cut or change is kept', async () => {
  const texts = ['\ud800', '\udc00\ud800', 'a\u0000b', '\\u0000', '\\', '\\\\u0000', '\ufffd']
  for (const text of texts) {
    expect(await store.put(text, { generation: text, value: text }, undefined)).toBe(true)
  }
  for (const text of texts) {
    expect(await store.get(text)).toEqual({ generation: text, value: text })
    expect(await store.acquireLease(text, text, 60_000)).toBe(true)
  }
})

test('a commit is on the disk before a call returns', async () => {
  await store.get('key')
  expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 })
  expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' })
})

test('leases that ended are swept, and no others', async () => {
  for (let index = 0; index < 60; index += 1) await store.acquireLease(`old ${index}`, 'owner', 0)
  await store.acquireLease('live', 'owner', 60_000)
  await new Promise((resolve) => setTimeout(resolve, 5))
  for (let index = 0; index < 10; index += 1) await store.acquireLease('new', 'owner', 60_000)
  expect(count('procore_auth_leases')).toMatchObject({ count: 2 })
})

describe('while another connection writes', () => {
  test('a call waits, without stopping the process, and succeeds', async () => {
    await store.put('key', first, undefined)
    const other = new Database(file)
    other.exec('BEGIN IMMEDIATE')
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
      if (ticks === 10) other.exec('COMMIT')
    }, 20)
    const next = { generation: 'second', value: '' }
    expect(await store.put('key', next, 'first')).toBe(true)
    clearInterval(timer)
    expect(ticks).toBeGreaterThanOrEqual(10)
  })

  test('a call rejects when its time is over, and nothing has changed', async () => {
    await store.put('key', first, undefined)
    const other = new Database(file)
    other.exec('BEGIN IMMEDIATE')
    const impatient = new SqliteTokenStore(database, { busyTimeoutMs: 100 })
    const next = { generation: 'second', value: '' }
    await expect(impatient.put('key', next, 'first')).rejects.toMatchObject({ code: 'SQLITE_BUSY' })
    await expect(impatient.acquireLease('lease', 'owner', 1_000)).rejects.toThrow()
    expect(await impatient.get('key')).toEqual(first)
    other.exec('ROLLBACK')
    expect(await impatient.put('key', next, 'first')).toBe(true)
  })

  test('a call that gives up leaves nothing behind that hides what is written next', async () => {
    await store.put('key', first, undefined)
    const connection = new Database(file)
    const other = new SqliteTokenStore(connection)
    const impatient = new SqliteTokenStore(database, { busyTimeoutMs: 0 })
    const attempts = [
      () => impatient.put('new', first, undefined),
      () => impatient.put('key', { generation: 'mine', value: '' }, 'first'),
      () => impatient.delete('key', 'first'),
      () => impatient.acquireLease('lease', 'owner', 1_000),
      () => impatient.releaseLease('lease', 'owner'),
    ]
    let stored = first
    for (const [index, attempt] of attempts.entries()) {
      await other.acquireLease('ready', 'other', 1_000)
      connection.exec('BEGIN IMMEDIATE')
      await expect(attempt()).rejects.toMatchObject({ code: 'SQLITE_BUSY' })
      connection.exec('COMMIT')
      const next = { generation: `theirs ${index}`, value: 'their value' }
      expect(await other.put('key', next, stored.generation)).toBe(true)
      expect(await impatient.get('key')).toEqual(next)
      stored = next
    }
  })

  test('the first call of all waits too', async () => {
    const other = new Database(file)
    other.exec('CREATE TABLE mine (a); BEGIN IMMEDIATE')
    setTimeout(() => other.exec('COMMIT'), 200)
    expect(await store.put('key', first, undefined)).toBe(true)
  })
})

test('nothing is written while a transaction is open, which could undo it', async () => {
  await store.put('key', first, undefined)
  database.exec('BEGIN')
  await expect(store.put('key', { generation: 'second', value: '' }, 'first')).rejects.toThrow(
    'transaction',
  )
  await expect(store.acquireLease('lease', 'owner', 1_000)).rejects.toThrow('transaction')
  database.exec('ROLLBACK')
  expect(await store.get('key')).toEqual(first)
})

test('a write that fails half-way is undone, and the next one succeeds', async () => {
  await store.put('key', first, undefined)
  database.exec('DROP TABLE procore_auth_leases')
  await expect(store.acquireLease('lease', 'owner', 1_000)).rejects.toThrow('no such table')
  expect(database.inTransaction).toBe(false)
  expect(await store.delete('key', 'first')).toBe(true)
})

test('a driver that throws makes calls reject, and is asked again', async () => {
  const failing: SqliteDatabase = {
    exec: () => {
      throw new Error('disk I/O error')
    },
    prepare: (sql) => database.prepare(sql),
  }
  const exec = vi.spyOn(failing, 'exec')
  const broken = new SqliteTokenStore(failing)
  const call = broken.get('key')
  await expect(call).rejects.toThrow('disk I/O error')
  exec.mockImplementation((sql) => database.exec(sql))
  expect(await broken.get('key')).toBeUndefined()
})

test('a row that another program wrote in another type is refused', async () => {
  await store.put('key', first, undefined)
  database.exec(`UPDATE procore_auth_records SET value = x'00'`)
  await expect(store.get('key')).rejects.toThrow('value')
})
