import { equal, ok } from 'node:assert/strict'
import type { Bed } from './bed.js'
import type { Mount } from './mount.js'
import { assertStatus, type Site } from './site.js'

const two = () => ({ paths: ['/one', '/two'] })

/** Declares the tests of one application that has two adapters. */
export function testTwoProcores({ describe, testWith, keepsSession }: Bed): void {
  describe('two Procores in one application', () => {
    testWith('have users and grants of their own', two, async (site) => {
      const [one, other] = mountsOf(site)
      const visitor = site.browser()
      await one.signIn(visitor, { user: 'jim@example.com' })
      equal(pathOf(other.endOf(await visitor.get(other.at('/me')))), other.route('login'))
      await other.signIn(visitor, { user: 'ana@example.com' })
      equal(await one.login(visitor), 'jim@example.com')
      equal(await other.login(visitor), 'ana@example.com')
      equal(one.exchanges, 1)
      equal(other.exchanges, 1)
    })

    testWith('take no callback of each other', two, async (site) => {
      const [one, other] = mountsOf(site)
      const visitor = site.browser()
      const login = await visitor.get(one.route('login'))
      const callback = await one.decide(login)
      const crossed = await visitor.get(callback.replace('/one/', '/two/'))
      ok(crossed.status >= 400 && crossed.status < 500, `${crossed.request}: ${crossed.status}`)
      equal(other.exchanges, 0)
      one.endOf(await visitor.get(callback))
      equal(await one.login(visitor), 'jim@example.com')
    })

    testWith('are ended one at a time', two, async (site) => {
      const [one, other] = mountsOf(site)
      const visitor = site.browser()
      await one.signIn(visitor)
      await other.signIn(visitor)
      assertStatus(await visitor.post(one.at('/end')), 200)
      equal(pathOf(one.endOf(await visitor.get(one.at('/me')))), one.route('login'))
      equal(await other.login(visitor), 'jim@example.com')
      if (!keepsSession) return
      assertStatus(await visitor.post(other.route('logout')), 303)
      equal(pathOf(other.endOf(await visitor.get(other.at('/me')))), other.route('login'))
    })
  })
}

function mountsOf({ mounts }: Site): readonly [Mount, Mount] {
  const [one, other] = mounts
  if (!one || !other) throw new Error('the application has two mounts')
  return [one, other]
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? ''
}
