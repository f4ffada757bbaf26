import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { createProcoreAuth } from '../../src/index.js'

/** Answers every request as Procore would a service account's; in a process of its own. */
const PROCORE = `
  const answer = JSON.stringify({ access_token: 'a'.repeat(64), token_type: 'Bearer', expires_in: 5400 })
  const server = require('node:http').createServer((req, res) => {
    res.setHeader('content-type', 'application/json')
    res.end(answer)
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

it('nothing is loaded or opened before the first call, and nothing keeps the process alive after it', async () => {
  const procore = spawn(process.execPath, ['-e', PROCORE])
  const port = Number(String((await once(procore.stdout, 'data'))[0]))
  const auth = createProcoreAuth({
    environment: {
      loginOrigin: `http://localhost:${port}`,
      apiOrigin: `http://127.0.0.1:${port}`,
    },
    clientId: 'client-1',
    clientSecret: 'secret-1',
    redirectUri: 'http://localhost:4567/auth/procore/callback',
    secret: 'an own secret of 32 characters or more',
  })
  const before = openSockets()
  const client = auth.forService().forCompany(10)
  auth.forUser('jim')
  auth.installedApp()
  expect(await auth.status('jim')).toEqual({ state: 'not-connected' })
  expect(undiciIsLoaded()).toBe(false)
  expect(openSockets()).toBe(before)
  await client.get('/rest/v1.0/companies')
  await client.fetch('/rest/v1.0/companies').then((response) => response.text())
  expect(undiciIsLoaded()).toBe(true)
  await expect.poll(openSockets).toBe(before)
  procore.kill()
})

/** Sockets that keep this process alive. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
}

function undiciIsLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/undici/'))
}
