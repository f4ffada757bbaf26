import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import { createSealer, type Sealer } from '../../src/seal.js'

const [OLD, YOUNG] = ['0ld-secret-'.repeat(4), 'y0ung-secret-'.repeat(4)]

const sealer = (...secrets: string[]): Sealer =>
  createSealer(
    secrets.map((secret) => new Secret(secret)),
    'test',
    randomBytes,
  )

test.each(['x', '', ' ', '{"a":1}', 'é😀漢', '\u0000\r\n', 'x'.repeat(60_000)])(
  'what was sealed is opened unchanged (%#)',
  (text) => {
    const { seal, open } = sealer(OLD)
    expect(open(seal(text, 'context'), 'context')).toBe(text)
  },
)

test('what is sealed fits into a cookie, shows nothing, and is never the same twice', () => {
  const { seal } = sealer(OLD)
  const sealed = Array.from({ length: 200 }, () => seal('hello world', 'c'))
  expect(new Set(sealed).size).toBe(200)
  for (const one of sealed) {
    expect(one).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/)
    const bytes = Buffer.from(one.split('.')[2] ?? '', 'base64url')
    expect(bytes.includes('hello')).toBe(false)
  }
})

describe('nothing that was changed is opened', () => {
  // Lengths of all three remainders: base64 has spare bits in two of them.
  test.each(['abc', 'abcd', 'abcde'])('any character replaced ("%s")', (text) => {
    const { seal, open } = sealer(OLD)
    const sealed = seal(text, 'c')
    for (let at = 0; at < sealed.length; at += 1) {
      for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n') {
        if (other === sealed[at]) continue
        expect(open(sealed.slice(0, at) + other + sealed.slice(at + 1), 'c')).toBeUndefined()
      }
    }
  })

  test('any bit of the encrypted bytes flipped', () => {
    const { seal, open } = sealer(OLD)
    const [version, id, data = ''] = seal('secret', 'c').split('.')
    const bytes = Buffer.from(data, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(open(`${version}.${id}.${changed.toString('base64url')}`, 'c')).toBeUndefined()
    }
  })

  test('any part cut off or added', () => {
    const { seal, open } = sealer(OLD)
    const sealed = seal('secret', 'c')
    for (let length = 0; length < sealed.length; length += 1) {
      expect(open(sealed.slice(0, length), 'c')).toBeUndefined()
      expect(open(sealed.slice(length + 1), 'c')).toBeUndefined()
    }
    for (const more of ['A', '=', '.', '.x', ' ', '\n', '..', sealed]) {
      expect(open(sealed + more, 'c')).toBeUndefined()
      expect(open(more + sealed, 'c')).toBeUndefined()
    }
  })

  test.each([
    '',
    '.',
    '..',
    '...',
    'v1',
    'v1..',
    'v1.00000000.',
    'v1.00000000.AAAA',
    '\u0000',
    '😀',
  ])('nonsense %j', (nonsense) => {
    expect(sealer(OLD).open(nonsense, 'c')).toBeUndefined()
  })

  test('an authentication tag cut short', () => {
    const { seal, open } = sealer(OLD)
    const [version, id, data = ''] = seal('secret', 'c').split('.')
    const bytes = Buffer.from(data, 'base64url')
    for (const length of [27, 28, bytes.length - 12, bytes.length - 4, bytes.length - 1]) {
      const short = bytes.subarray(0, length).toString('base64url')
      expect(open(`${version}.${id}.${short}`, 'c')).toBeUndefined()
    }
  })

  test('parts of two sealed texts put together', () => {
    const { seal, open } = sealer(OLD)
    const parts = ['one', 'two'].map((text) =>
      Buffer.from(seal(text, 'c').split('.')[2] ?? '', 'base64url'),
    )
    const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = parts
    const id = seal('x', 'c').split('.')[1]
    for (const at of [12, 15]) {
      const mixed = Buffer.concat([one.subarray(0, at), two.subarray(at)])
      expect(open(`v1.${id}.${mixed.toString('base64url')}`, 'c')).toBeUndefined()
    }
  })
})

describe('a seal holds for one context, purpose and secret', () => {
  test.each(['', 'd', 'c ', 'C', 'cc', 'c\u0000'])('not for the context %j', (context) => {
    const { seal, open } = sealer(OLD)
    expect(open(seal('x', 'c'), context)).toBeUndefined()
  })

  test('not for another purpose of the same secret', () => {
    const secrets = [new Secret(OLD)]
    const [one, two] = ['login', 'session'].map((name) => createSealer(secrets, name, randomBytes))
    expect(two?.open(one?.seal('x', 'c') ?? '', 'c')).toBeUndefined()
  })

  test('not for another secret, also when its key id is forged', () => {
    const foreign = sealer(YOUNG).seal('x', 'c')
    const mine = sealer(OLD).seal('x', 'c')
    expect(sealer(OLD).open(foreign, 'c')).toBeUndefined()
    const forged = `v1.${mine.split('.')[1]}.${foreign.split('.')[2]}`
    expect(sealer(OLD).open(forged, 'c')).toBeUndefined()
  })
})

describe('secrets can be replaced', () => {
  test('the first seals, all open', () => {
    const before = sealer(OLD)
    const during = sealer(YOUNG, OLD)
    const after = sealer(YOUNG)
    expect(during.open(before.seal('x', 'c'), 'c')).toBe('x')
    expect(after.open(during.seal('x', 'c'), 'c')).toBe('x')
    expect(before.open(during.seal('x', 'c'), 'c')).toBeUndefined()
    expect(after.open(before.seal('x', 'c'), 'c')).toBeUndefined()
  })

  test('the same secret twice does no harm', () => {
    const { seal, open } = sealer(OLD, OLD)
    expect(open(seal('x', 'c'), 'c')).toBe('x')
  })

  test('without any secret there is no sealer', () => {
    expect(() => sealer()).toThrow(TypeError)
  })
})

test('a sealed text tells whether the first secret sealed it', () => {
  const sealed = sealer(OLD).seal('x', 'c')
  expect(sealer(OLD, YOUNG).isCurrent(sealed)).toBe(true)
  expect(sealer(YOUNG, OLD).isCurrent(sealed)).toBe(false)
  for (const nonsense of ['', '.', 'v1', '😀']) expect(sealer(OLD).isCurrent(nonsense)).toBe(false)
})

test('a sealer does not show its keys', () => {
  const one = sealer(OLD)
  const shown = inspect(one, { depth: Infinity, showHidden: true }) + JSON.stringify(one)
  expect(shown).not.toContain(OLD)
  expect(shown).not.toMatch(/Buffer|bytes/)
})

test('the nonce comes from the injected source, twelve bytes each time', () => {
  const sizes: number[] = []
  const { seal } = createSealer([new Secret(OLD)], 'test', (size) => {
    sizes.push(size)
    return Buffer.alloc(size, sizes.length)
  })
  seal('x', 'c')
  seal('x', 'c')
  expect(sizes).toEqual([12, 12])
})
