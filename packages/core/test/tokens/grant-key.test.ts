import { describe, expect, test } from 'vitest'
import type { GrantType } from '../../src/token-set.js'
import {
  assertPrincipal,
  type GrantId,
  grantKey,
  grantKeyPrefix,
} from '../../src/tokens/grant-key.js'
import { thrown } from '../support/core-rejection.js'

const ID: GrantId = {
  environment: 'sandbox',
  clientId: 'client-id',
  grantType: 'authorization_code',
  principal: 'jim',
}

describe('a principal', () => {
  test.each([
    'a',
    '562949953430360',
    ' ',
    '../../etc/passwd',
    'a:b/c\\d',
    '\u0000\r\n',
    'é😀漢',
    '__proto__',
    'x'.repeat(255),
    '😀'.repeat(127),
  ])('may be any text (%j)', (principal) => {
    expect(() => assertPrincipal(principal)).not.toThrow()
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 42],
    ['zero', 0],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['a boolean', true],
    ['an object', {}],
    ['a list', ['jim']],
    ['a function', () => 'jim'],
    ['a symbol', Symbol('jim')],
    ['a text object', Object('jim')],
    ['an object that prints as text', { toString: () => 'jim' }],
    ['empty', ''],
    ['of 256 characters', 'x'.repeat(256)],
    ['half a character', '\ud83d'],
    ['the other half', '\ude00'],
    ['two halves the wrong way round', '\ude00\ud83d'],
    ['a half among others', `a${'\ud800'}b`],
  ])('must not be %s', (_, principal) => {
    const error = thrown(() => assertPrincipal(principal))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_ARGUMENT_INVALID', status: 500 })
  })

  test('is not repeated in the error', () => {
    const error = thrown(() => assertPrincipal(`jim@example.com${'x'.repeat(255)}`))
    expect(error.message).not.toContain('jim')
  })
})

describe('a key', () => {
  const PARTS = ['a', 'A', 'a:', ':a', 'a:b', 'a/b', 'a%3Ab', 'a%', 'a\u0000b', 'a b', 'a+b', '..']

  test('is different for different grants, whatever is in their names', () => {
    const keys = new Map<string, GrantId>()
    for (const environment of PARTS) {
      for (const clientId of PARTS) {
        for (const grantType of ['authorization_code', 'client_credentials'] as const) {
          for (const principal of PARTS) {
            const id = { environment, clientId, grantType, principal }
            const key = grantKey(id)
            expect(keys.get(key)).toBeUndefined()
            keys.set(key, id)
          }
        }
      }
    }
    expect(keys.size).toBe(PARTS.length ** 3 * 2)
  })

  test.each<[Partial<GrantId>, Partial<GrantId>]>([
    [{ principal: 'a:b' }, { principal: 'a%3Ab' }],
    [
      { clientId: 'x:authorization_code', principal: 'y' },
      { clientId: 'x', principal: 'authorization_code:y' },
    ],
    [
      { environment: 'e:c', clientId: 'd' },
      { environment: 'e', clientId: 'c:d' },
    ],
    [{ principal: 'é' }, { principal: 'e\u0301' }],
  ])('of %o is not that of %o', (left, right) => {
    expect(grantKey({ ...ID, ...left })).not.toBe(grantKey({ ...ID, ...right }))
  })

  test('is printable ASCII without a slash and fits into any store', () => {
    for (const principal of ['é😀/\\:\u0000', '漢'.repeat(255), '😀'.repeat(127)]) {
      const key = grantKey({ ...ID, principal })
      expect(key).toMatch(/^[\w.!~*'()%:-]+$/)
      expect(key.length).toBeLessThanOrEqual(4_000)
    }
  })

  test('starts with the prefix of its type and of no other', () => {
    const types: readonly GrantType[] = ['authorization_code', 'client_credentials']
    for (const grantType of types) {
      const prefixes = types.filter((type) =>
        grantKey({ ...ID, grantType }).startsWith(grantKeyPrefix({ ...ID, grantType: type })),
      )
      expect(prefixes).toEqual([grantType])
    }
    const longer = grantKey({ ...ID, clientId: 'client-id2' })
    expect(longer.startsWith(grantKeyPrefix(ID))).toBe(false)
  })
})
