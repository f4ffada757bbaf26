import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import { createSealer } from '../../src/seal.js'
import {
  consumeLogin,
  cookieName,
  findLogin,
  type LoginStateConfig,
  startLogin,
} from '../../src/state/login-state.js'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import type { TokenStore } from '../../src/tokens/store.js'
import { TestBrowser } from '../support/core-browser.js'
import { MINUTE, SECOND, TestClock } from '../support/core-clock.js'
import { plainGrants } from '../support/core-manager.js'
import { codeOf, thrown } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

const PREFIX = '__Host-procore-login-0a1b2c3d-'
const LOGIN = { returnTo: '/projects?page=2', principal: undefined }

interface Site {
  readonly clock?: TestClock
  readonly secrets?: readonly string[]
  readonly store?: TokenStore
}

/** One process that serves logins. */
function createConfig(site: Site = {}): LoginStateConfig & { readonly clock: TestClock } {
  const { clock = new TestClock(), secrets = ['s3cret'.repeat(6)] } = site
  const grants = plainGrants(site.store ?? new MemoryTokenStore({ clock }))
  const keys = secrets.map((secret) => new Secret(secret))
  return {
    sealer: createSealer(keys, 'login', randomBytes),
    cookiePrefix: PREFIX,
    maxAgeMs: 30 * MINUTE,
    clock,
    randomBytes,
    takeOnce: (name, ttlMs) => grants.acquireLease(name, randomBytes(16).toString('hex'), ttlMs),
  }
}

describe('starting a login', () => {
  test('the state has 256 random bits in hexadecimal digits', () => {
    const config = createConfig()
    const states = Array.from({ length: 500 }, () => startLogin(config, {}, LOGIN).state)
    for (const state of states) expect(state).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(states).size).toBe(500)
  })

  test('the state is made of the injected bytes and nothing else', () => {
    const config = { ...createConfig(), randomBytes: (size: number) => Buffer.alloc(size, 0xab) }
    expect(startLogin(config, {}, LOGIN).state).toBe('ab'.repeat(32))
  })

  test('carries a payload of 1,000 bytes and no more', () => {
    const config = createConfig()
    const payload = 'ö'.repeat(499)
    const { state, cookie } = startLogin(config, {}, { ...LOGIN, payload })
    expect(findLogin(config, { [cookie.name]: cookie.value }, state).payload).toBe(payload)
    const larger = { ...LOGIN, payload: `${payload}x` }
    const error = thrown(() => startLogin(config, {}, larger))
    expect(error.code).toBe('ERR_PROCORE_ARGUMENT_INVALID')
  })

  test('the cookie shows nothing of the login and no more of the state than its name', () => {
    const config = createConfig()
    const { cookie, state } = startLogin(config, {}, { returnTo: '/secret-path', principal: 'jim' })
    expect(cookie.name).toBe(`${PREFIX}${state.slice(0, 8)}`)
    expect(cookie.value).toMatch(/^[\w.-]+$/)
    const plain = Buffer.from(cookie.value.split('.')[2] ?? '', 'base64url').toString('latin1')
    for (const part of [state, 'secret-path', 'jim']) {
      expect(cookie.value + plain).not.toContain(part)
    }
  })

  test('what was started is found again, unchanged', () => {
    const config = createConfig()
    const browser = new TestBrowser()
    const login = { returnTo: '/a?b=c#d', principal: 'user \u0000:/é😀' }
    const started = startLogin(config, browser.cookies, login)
    browser.accept(started)
    expect(findLogin(config, browser.cookies, started.state)).toEqual({
      ...login,
      state: started.state,
      startedAt: config.clock.now(),
    })
  })
})

describe('a login belongs to the browser that started it', () => {
  test('five tabs may finish in reverse order', async () => {
    const config = createConfig()
    const browser = new TestBrowser()
    const tabs = Array.from({ length: 5 }, (_, tab) => {
      const started = startLogin(config, browser.cookies, { ...LOGIN, returnTo: `/tab/${tab}` })
      browser.accept(started)
      config.clock.advance(SECOND)
      return started.state
    })
    for (const [tab, state] of [...tabs.entries()].reverse()) {
      const login = findLogin(config, browser.cookies, state)
      expect(login.returnTo).toBe(`/tab/${tab}`)
      await consumeLogin(config, login)
      delete browser.cookies[cookieName(config, state)]
    }
    expect(browser.cookies).toEqual({})
  })

  test('another browser cannot finish it, with logins of its own or without', () => {
    const config = createConfig()
    const { state } = startLogin(config, {}, LOGIN)
    const other = new TestBrowser()
    expect(thrown(() => findLogin(config, other.cookies, state)).code).toBe(
      'ERR_PROCORE_STATE_MISMATCH',
    )
    other.accept(startLogin(config, other.cookies, LOGIN))
    expect(thrown(() => findLogin(config, other.cookies, state))).toMatchObject({
      code: 'ERR_PROCORE_STATE_MISMATCH',
      status: 403,
    })
  })

  test.each(['', 'none', 'NaN', '__proto__', 'constructor', `${'a'.repeat(64)}\n`, 'A'.repeat(64)])(
    'a state that is not ours (%j) finds nothing',
    (state) => {
      const config = createConfig()
      const browser = new TestBrowser()
      browser.accept(startLogin(config, {}, LOGIN))
      expect(cookieName(config, state)).toBe(`${PREFIX}none`)
      expect(thrown(() => findLogin(config, browser.cookies, state)).code).toBe(
        'ERR_PROCORE_STATE_MISMATCH',
      )
    },
  )

  test('the whole state counts, not only the part in the name', () => {
    const config = createConfig()
    const { state, cookie } = startLogin(config, {}, LOGIN)
    const alike = state.slice(0, 63) + (state.endsWith('0') ? '1' : '0')
    expect(cookieName(config, alike)).toBe(cookie.name)
    const cookies = { [cookie.name]: cookie.value }
    expect(thrown(() => findLogin(config, cookies, alike)).code).toBe('ERR_PROCORE_STATE_MISMATCH')
  })

  test('a cookie moved to the name of another state is not opened', () => {
    const config = createConfig()
    const [mine, theirs] = [startLogin(config, {}, LOGIN), startLogin(config, {}, LOGIN)]
    const cookies = { [theirs.cookie.name]: mine.cookie.value }
    for (const { state } of [mine, theirs]) {
      expect(thrown(() => findLogin(config, cookies, state)).code).toBe(
        'ERR_PROCORE_STATE_MISMATCH',
      )
    }
  })

  test('a cookie with any character changed is not opened', () => {
    const config = createConfig()
    const { cookie, state } = startLogin(config, {}, LOGIN)
    for (let at = 0; at < cookie.value.length; at += 1) {
      const other = cookie.value[at] === 'A' ? 'B' : 'A'
      const value = cookie.value.slice(0, at) + other + cookie.value.slice(at + 1)
      const found = thrown(() => findLogin(config, { [cookie.name]: value }, state))
      expect(found.code).toBe('ERR_PROCORE_STATE_MISMATCH')
    }
  })

  test('a cookie that another secret or purpose sealed is not opened', () => {
    const config = createConfig()
    const foreign = createConfig({ secrets: ['an0ther'.repeat(6)] })
    const session = createSealer([new Secret('s3cret'.repeat(6))], 'session', randomBytes)
    for (const other of [foreign, { ...config, sealer: session }]) {
      const { cookie, state } = startLogin(other, {}, LOGIN)
      const found = thrown(() => findLogin(config, { [cookie.name]: cookie.value }, state))
      expect(found.code).toBe('ERR_PROCORE_STATE_MISMATCH')
    }
  })

  test('a secret can be replaced while logins are under way', () => {
    const clock = new TestClock()
    const [old, young] = ['0ld-secret'.repeat(4), 'y0ung-secret'.repeat(4)]
    const before = createConfig({ clock, secrets: [old] })
    const { cookie, state } = startLogin(before, {}, LOGIN)
    const cookies = { [cookie.name]: cookie.value }
    expect(findLogin(createConfig({ clock, secrets: [young, old] }), cookies, state)).toBeDefined()
    const after = createConfig({ clock, secrets: [young] })
    expect(thrown(() => findLogin(after, cookies, state)).code).toBe('ERR_PROCORE_STATE_MISMATCH')
  })
})

describe('a login ends', () => {
  test('when its time is over, to the millisecond', () => {
    const config = createConfig()
    const { cookie, state } = startLogin(config, {}, LOGIN)
    const cookies = { [cookie.name]: cookie.value }
    config.clock.advance(30 * MINUTE - 1)
    expect(findLogin(config, cookies, state).state).toBe(state)
    config.clock.advance(1)
    expect(thrown(() => findLogin(config, cookies, state)).code).toBe('ERR_PROCORE_STATE_EXPIRED')
  })

  test('with its first use: a state can be used once', async () => {
    const config = createConfig()
    const { cookie, state } = startLogin(config, {}, LOGIN)
    const login = findLogin(config, { [cookie.name]: cookie.value }, state)
    await consumeLogin(config, login)
    expect(await codeOf(consumeLogin(config, login))).toBe('ERR_PROCORE_STATE_USED')
  })

  test('once for all processes that share a store, however many try', async () => {
    const clock = new TestClock()
    const store = new MemoryTokenStore({ clock })
    const processes = Array.from({ length: 8 }, () => createConfig({ clock, store }))
    const [first = createConfig()] = processes
    const { cookie, state } = startLogin(first, {}, LOGIN)
    const uses = processes.map(async (config) => {
      const login = findLogin(config, { [cookie.name]: cookie.value }, state)
      return consumeLogin(config, login).then(
        () => 'used',
        () => 'refused',
      )
    })
    expect((await Promise.all(uses)).filter((result) => result === 'used')).toHaveLength(1)
  })

  test('and cannot be used again for as long as its cookie could be accepted', async () => {
    const config = createConfig()
    const { cookie, state } = startLogin(config, {}, LOGIN)
    const cookies = { [cookie.name]: cookie.value }
    await consumeLogin(config, findLogin(config, cookies, state))
    config.clock.advance(30 * MINUTE - 1)
    const again = findLogin(config, cookies, state)
    expect(await codeOf(consumeLogin(config, again))).toBe('ERR_PROCORE_STATE_USED')
  })

  test('other logins are not used up with it', async () => {
    const config = createConfig()
    const logins = [startLogin(config, {}, LOGIN), startLogin(config, {}, LOGIN)]
    for (const { cookie, state } of logins) {
      await consumeLogin(config, findLogin(config, { [cookie.name]: cookie.value }, state))
    }
  })

  test('the store never learns the state', async () => {
    const names: string[] = []
    const store = withMethods(new MemoryTokenStore(), {
      acquireLease: async (name) => {
        names.push(name)
        return true
      },
    })
    const config = createConfig({ store })
    const { cookie, state } = startLogin(config, {}, LOGIN)
    await consumeLogin(config, findLogin(config, { [cookie.name]: cookie.value }, state))
    expect(names).toHaveLength(1)
    expect(names.join()).not.toContain(state)
  })

  test('nobody is believed when the store cannot tell who was first', async () => {
    const store = withMethods(new MemoryTokenStore(), {
      acquireLease: () => Promise.reject(new Error('down')),
    })
    const config = createConfig({ store })
    const { cookie, state } = startLogin(config, {}, LOGIN)
    const login = findLogin(config, { [cookie.name]: cookie.value }, state)
    expect(await codeOf(consumeLogin(config, login))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
  })
})

describe('login cookies stay few', () => {
  test.each([1, 100, 1_000])(
    '200 started logins leave less than 4 kB, with a path of %i characters',
    (length) => {
      const config = createConfig()
      const browser = new TestBrowser()
      for (let count = 0; count < 200; count += 1) {
        const login = { returnTo: `/${'p'.repeat(length)}`, principal: 'user-1' }
        browser.accept(startLogin(config, browser.cookies, login))
        config.clock.advance(SECOND)
        expect(browser.bytes).toBeLessThan(4_096)
      }
    },
  )

  test('the newest eight can be finished', () => {
    const config = createConfig()
    const browser = new TestBrowser()
    const states = Array.from({ length: 20 }, () => {
      const started = startLogin(config, browser.cookies, LOGIN)
      browser.accept(started)
      config.clock.advance(SECOND)
      return started.state
    })
    const found = states.filter((state) => browser.cookies[cookieName(config, state)])
    expect(found).toEqual(states.slice(-8))
    for (const state of found) expect(findLogin(config, browser.cookies, state).state).toBe(state)
  })

  test('expired, forged and foreign-key cookies go first; other cookies are left alone', () => {
    const config = createConfig()
    const expired = startLogin(config, {}, LOGIN)
    config.clock.advance(31 * MINUTE)
    const alive = startLogin(config, {}, LOGIN)
    const foreign = startLogin(createConfig({ secrets: ['0ther!!'.repeat(6)] }), {}, LOGIN)
    const cookies = {
      [expired.cookie.name]: expired.cookie.value,
      [foreign.cookie.name]: foreign.cookie.value,
      [`${PREFIX}00000000`]: 'forged',
      [`${PREFIX}empty`]: '',
      [`${PREFIX}undefined`]: undefined,
      [alive.cookie.name]: alive.cookie.value,
      session: 'of the application',
      [PREFIX.replace('login', 'session')]: 'ours',
    }
    const { remove } = startLogin(config, cookies, LOGIN)
    expect([...remove].sort()).toEqual(
      [
        expired.cookie.name,
        foreign.cookie.name,
        `${PREFIX}00000000`,
        `${PREFIX}empty`,
        `${PREFIX}undefined`,
      ].sort(),
    )
  })

  test('a flood of cookies under our name is looked at in part and shrinks with each login', () => {
    const config = createConfig()
    let opened = 0
    const { sealer } = config
    const counting = {
      ...config,
      sealer: {
        ...sealer,
        open: (sealed: string, context: string) => {
          opened += 1
          return sealer.open(sealed, context)
        },
      },
    }
    const browser = new TestBrowser()
    for (let count = 0; count < 500; count += 1) browser.cookies[`${PREFIX}${count}`] = 'flood'
    browser.accept(startLogin(counting, browser.cookies, LOGIN))
    expect(opened).toBeLessThan(50)
    for (let count = 0; count < 20; count += 1) {
      browser.accept(startLogin(config, browser.cookies, LOGIN))
    }
    expect(Object.values(browser.cookies)).not.toContain('flood')
    expect(browser.bytes).toBeLessThan(4_096)
  })
})
