import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { atOnce, type Bed, newRecord, uniqueText } from './bench.js'

const ID_BEYOND_2_53 = '9007199254740993'

/** What values have to come back as they were. */
const VALUES: Readonly<Record<string, () => string>> = {
  'of no characters': () => '',
  'of 64 kB': () => randomText(65_536),
  'of 64 kB in letters of several bytes': () => '\u20ac'.repeat(21_845),
  'with two tokens of 4 kB': () =>
    JSON.stringify({ accessToken: randomText(4_096), refreshToken: randomText(4_096) }),
  'with an id beyond 2^53': () => `{"user":{"id":${ID_BEYOND_2_53}}}`,
  'that look like a number': () => `0${ID_BEYOND_2_53}.0`,
  'that look like null': () => 'null',
  'with quotes and backslashes': () => `' " \` \\ \\' \\u0000 $1 %s ?`,
  'with white space at both ends': () => ' \t\r\n value \r\n\t ',
  'with a NUL': () => 'before\u0000after\u0000',
  'with characters beyond the basic plane': () => '\u{1f477}\u{1f3fd}\u200d\u2640\ufe0f',
  'with accents that are not normalised': () => '\u00e9 e\u0301 \u212b',
}

/** Declares the tests of what is kept for a key. */
export function testRecords({ describe, test }: Bed): void {
  describe('records', () => {
    test('a missing record is undefined', async ({ store, key }) => {
      equal(await store.get(key), undefined)
    })

    test('a record comes back with its generation and its value, and nothing else', async ({
      store,
      key,
    }) => {
      const record = newRecord()
      equal(await store.put(key, record, undefined), true)
      deepEqual({ ...(await store.get(key)) }, record)
    })

    for (const [what, value] of Object.entries(VALUES)) {
      test(`values ${what} are kept as they are`, async ({ store, key }) => {
        const record = newRecord(value())
        equal(await store.put(key, record, undefined), true)
        equal((await store.get(key))?.value, record.value)
      })
    }

    test('what is written is a copy: the caller may change its object', async ({ store, key }) => {
      const record = { generation: uniqueText(), value: 'as written' }
      await store.put(key, record, undefined)
      record.value = 'changed'
      equal((await store.get(key))?.value, 'as written')
    })

    test('what is read is a copy: the reader may change its object', async ({ store, key }) => {
      await store.put(key, newRecord('as written'), undefined)
      const first = await store.get(key)
      if (first) Object.assign(first, { value: 'changed' })
      const second = await store.get(key)
      equal(second?.value, 'as written')
      notEqual(first, second)
    })

    test('a reader sees the old record or the new one, never a mix and never none', async ({
      store,
      key,
    }) => {
      const first = recordOfOneLetter()
      await store.put(key, first, undefined)
      const write = async (): Promise<void> => {
        let { generation } = first
        for (let round = 0; round < 20; round += 1) {
          const next = recordOfOneLetter()
          equal(await store.put(key, next, generation), true)
          generation = next.generation
        }
      }
      const read = async (): Promise<void> => {
        for (let round = 0; round < 20; round += 1) {
          const record = await store.get(key)
          equal(record?.value, record?.generation.charAt(0).repeat(30_000))
        }
      }
      await Promise.all([write(), atOnce(4, read)])
    })
  })
}

/** Returns a record whose value is told by its generation. */
function recordOfOneLetter(): { generation: string; value: string } {
  const { generation } = newRecord()
  return { generation, value: generation.charAt(0).repeat(30_000) }
}

/** Returns text that cannot be made shorter, so that a limit on its size shows. */
function randomText(length: number): string {
  const pieces = Array.from({ length: Math.ceil(length / 36) }, uniqueText)
  return pieces.join('').slice(0, length)
}
