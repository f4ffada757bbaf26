import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import { CANARY, leaks } from '../support/core-canaries.js'

const secret = new Secret(CANARY.accessToken)

test('a secret is given by reveal alone', () => {
  expect(secret.reveal()).toBe(CANARY.accessToken)
  expect(Reflect.ownKeys(secret)).toEqual([])
  expect({ ...secret }).toEqual({})
})

test.each<[string, () => string]>([
  ['String()', () => String(secret)],
  ['a template', () => `${secret}`],
  ['concatenation', () => `x ${[secret].join()}`],
  ['JSON', () => JSON.stringify({ nested: [secret] })],
  ['util.inspect', () => inspect({ secret }, { depth: Infinity, showHidden: true, getters: true })],
  ['util.format', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
  ['an error', () => inspect(new Error('x', { cause: secret }))],
  ['a structured clone', () => inspect(structuredClone({ secret: Object(secret) }))],
])('a secret does not show in %s', (_, print) => {
  expect(print()).not.toContain(CANARY.accessToken)
})

test('a secret says that it was left out', () => {
  expect(`${secret} ${JSON.stringify({ secret })}`).toBe('[redacted] {"secret":"[redacted]"}')
})

test('a walk through everything that can be reached finds nothing', () => {
  expect(leaks({ deep: [{ secret }] })).toEqual([])
})

test('the search for canaries finds what does show', () => {
  const hidden = new Error('x', {
    cause: { a: [Object.create({}, { b: { value: CANARY.code } })] },
  })
  expect(leaks(hidden)).toEqual([CANARY.code])
  expect(leaks({ [CANARY.code]: 1 })).toEqual([CANARY.code])
})
