import { deepEqual, equal } from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { SimulatedUser } from '@procore-auth/simulator'
import type { Bed } from './bed.js'
import { type Browser, jsonOf } from './browser.js'
import { Gate } from './gate.js'
import type { Site, SiteSetup } from './site.js'
import type { AppRoute } from './subject.js'

const USERS = 200
/** All of them wait for all of them. */
const PATIENCE_MS = 60_000
const LATER_MS = 10
const FIRST_ID = 562_949_953_440_000

/** Declares the tests of users who are there at the same time. */
export function testUsers(bed: Bed): void {
  bed.describe('users at the same time', () => {
    testOvertaking(bed)
    bed.testWith(`${USERS} of them are never mixed up`, crowd, keepsApart)
  })
}

function testOvertaking({ testWith }: Bed): void {
  let arrived = new Gate()
  let overtaken = new Gate()
  const slow: AppRoute = {
    method: 'GET',
    path: '/slow',
    guarded: true,
    answer: async (procore) => {
      arrived.open()
      await overtaken.opened
      return { json: await procore().client.get('/rest/v1.0/me') }
    },
  }
  const setup = (): SiteSetup => {
    arrived = new Gate()
    overtaken = new Gate()
    return { routes: [slow] }
  }
  testWith('a request that waits is not taken for a later one', setup, async (site) => {
    const jim = await site.signedIn('jim@example.com')
    const ana = await site.signedIn('ana@example.com')
    const waiting = jim.get('/slow')
    await Promise.race([arrived.opened, waiting])
    equal(await site.mount.login(ana), 'ana@example.com')
    overtaken.open()
    equal(Object(jsonOf(await waiting)).login, 'jim@example.com')
  })
}

/** Lets other requests in before it looks whose it is. */
const later: AppRoute = {
  method: 'GET',
  path: '/later',
  guarded: true,
  answer: async (procore) => {
    await delay(LATER_MS)
    return { json: await procore().client.get('/rest/v1.0/me') }
  },
}

function crowd(): SiteSetup {
  const users = Array.from({ length: USERS }, (_, index): SimulatedUser => {
    const login = `user-${index}@example.com`
    const id = String(FIRST_ID + index)
    return { id, login, password: 'x', name: `User ${index}`, companies: ['10'] }
  })
  return { users, routes: [later], patienceMs: PATIENCE_MS }
}

/** Lets all users sign in and work at once, and again when all their tokens have ended. */
async function keepsApart({ mount, procore, signedIn }: Site): Promise<void> {
  const logins = procore.users.map(({ login }) => login)
  const enter = async (login: string): Promise<[Browser, unknown]> => {
    const browser = await signedIn(login)
    return [browser, await mount.login(browser, later.path)]
  }
  const entered = await Promise.all(logins.map(enter))
  deepEqual(
    entered.map(([, login]) => login),
    logins,
  )
  procore.expireAccessTokens()
  deepEqual(await Promise.all(entered.map(([browser]) => mount.login(browser, later.path))), logins)
  equal(procore.ledger.refreshes().length, USERS)
  equal(procore.ledger.count({ reusedRefreshToken: true }), 0)
}
