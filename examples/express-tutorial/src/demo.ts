import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createProcoreAuth } from '@procore-auth/core'
import { createSimulator } from '@procore-auth/simulator'
import { createApp } from './app.js'
import { Browser, type Page } from './browser.js'
import { openUsers } from './database.js'

/*
 * The main job, unattended: what a person does in a browser, over HTTP alone, against the offline
 * Procore. Prints each step; exits with 1 at the first that fails.
 */

const server = createServer().listen(0, 'localhost')
await once(server, 'listening')
const address = server.address()
assert(address && typeof address === 'object')
const app = `http://localhost:${address.port}`
const redirectUri = `${app}/callback`

const procore = await createSimulator({ redirectUris: [redirectUri] })
const environment = { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin }
const users = openUsers(':memory:')
server.on(
  'request',
  createApp({ environment, ...procore.app, redirectUri, secret: procore.app.clientSecret }, users),
)
const [jim] = procore.users
assert(jim)
const browser = new Browser()
let count = 0

try {
  await step('the landing page has the button "Sign Up with Procore"', async () => {
    const page = await browser.open(app)
    assert.match(page.text, /Sign Up with Procore/)
  })

  await step('signing up: log in, allow, and the row of the new user is shown', async () => {
    const login = await browser.click(await browser.open(app), /Sign Up with Procore/)
    const consent = await logIn(browser, login)
    const home = await browser.submit(consent, /Allow/)
    assert.equal(home.url, `${app}/home`)
    assert.ok(home.text.includes(`[1, ${jim.id}, "${jim.login}"]`), home.text)
    return `[1, ${jim.id}, "${jim.login}"]`
  })

  await step('signing out ends the session', async () => {
    const page = await browser.submit(await browser.open(`${app}/home`), /Sign out/)
    assert.equal(page.url, `${app}/`)
    assert.match(await browser.redirectOf(`${app}/home`), /login\?returnTo=%2Fhome$/)
  })

  await step('signing in again makes no second user', async () => {
    const home = await browser.click(await browser.open(`${app}/signin`), /Sign In with Procore/)
    assert.equal(home.url, `${app}/home`)
    assert.equal(users.count(), 1)
  })

  await step('two tabs sign in side by side and end in reverse order', async () => {
    procore.revoke(jim)
    const visitor = new Browser()
    const first = await visitor.open(`${app}/auth/procore/login?returnTo=/home?tab=1`)
    const consent = await logIn(visitor, first)
    const second = await visitor.open(`${app}/auth/procore/login?returnTo=/home?tab=2`)
    assert.equal((await visitor.submit(second, /Allow/)).url, `${app}/home?tab=2`)
    assert.equal((await visitor.submit(consent, /Allow/)).url, `${app}/home?tab=1`)
  })

  await step('denying shows a page and signs nobody in', async () => {
    procore.revoke(jim)
    const visitor = new Browser()
    const consent = await logIn(visitor, await visitor.open(`${app}/auth/procore/login`))
    const page = await visitor.submit(consent, /Deny/)
    assert.equal(page.status, 403)
    assert.match(page.text, /ERR_PROCORE_ACCESS_DENIED/)
  })

  await step('a forged state is refused before anything is sent to Procore', async () => {
    const before = procore.ledger.tokenRequests().length
    const page = await new Browser().open(`${redirectUri}?code=abc&state=${'0'.repeat(64)}`)
    assert.equal(page.status, 403)
    assert.equal(procore.ledger.tokenRequests().length, before)
  })

  await step('an expired access token is refreshed once, and nobody notices', async () => {
    const home = await signIn()
    assert.equal(home.status, 200)
    procore.expireAccessTokens()
    const before = procore.ledger.refreshes().length
    const pages = await Promise.all(Array.from({ length: 20 }, () => browser.open(`${app}/home`)))
    assert.ok(pages.every((page) => page.status === 200))
    assert.equal(procore.ledger.refreshes().length - before, 1)
    return '20 requests at once, 1 refresh'
  })

  await step('disconnecting takes the access back at Procore', async () => {
    const page = await browser.submit(await browser.open(`${app}/home`), /Disconnect/)
    assert.equal(page.url, `${app}/`)
    assert.match(await browser.redirectOf(`${app}/home`), /login/)
    const inspected = procore.ledger.entries.filter(({ path }) => path === '/oauth/token/info')
    assert.equal(inspected.at(-1)?.status, 401)
    return 'the token was tried afterwards: 401'
  })

  await step('a service account lists companies and projects', async () => {
    const service = createProcoreAuth({ environment, ...procore.serviceApp })
    const [company] = procore.companies
    assert(company)
    const client = service.forService().forCompany(company.id)
    const [companies, projects] = await Promise.all([
      client.get<readonly unknown[]>('/rest/v1.0/companies'),
      client.get<readonly unknown[]>('/rest/v1.0/projects', { query: { company_id: company.id } }),
    ])
    assert.equal(procore.ledger.tokenRequests('client_credentials').length, 1)
    await service.close()
    return `${companies.length} companies, ${projects.length} projects, 1 token request`
  })

  await step('an installed app asks for a pasted code once and then renews by itself', async () => {
    const auth = createProcoreAuth({ environment, ...procore.app })
    const installed = auth.installedApp()
    const visitor = new Browser()
    const consent = await logIn(visitor, await visitor.open(installed.authorizationUrl))
    const shown = await visitor.submit(consent, /Allow/)
    await installed.complete(shown.url)
    procore.expireAccessTokens()
    const me = await auth.forUser().get<{ readonly login: string }>('/rest/v1.0/me')
    assert.equal(me.login, jim.login)
    await auth.close()
  })

  console.log(`\n${count} steps, all as they should be.`)
} catch (error) {
  console.log('    ✗')
  console.error(error)
  process.exitCode = 1
} finally {
  server.close()
  server.closeAllConnections()
  users.close()
  await procore.close()
}

async function step(what: string, run: () => Promise<unknown>): Promise<void> {
  count += 1
  console.log(`${String(count).padStart(2)}. ${what}`)
  const seen = await run()
  console.log(typeof seen === 'string' ? `    ✓ ${seen}` : '    ✓')
}

/** Fills in Procore's login page; the next page asks for consent. */
function logIn(visitor: Browser, page: Page): Promise<Page> {
  assert(jim)
  return visitor.submit(page, /log in|sign in/i, { email: jim.login, password: jim.password })
}

/** Signs in once more after consent was taken back; the browser is still logged in at Procore. */
async function signIn(): Promise<Page> {
  return browser.submit(await browser.open(`${app}/auth/procore/login`), /Allow/)
}
