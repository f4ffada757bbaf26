import { expect, it } from 'vitest'
import { type Browser, ORIGIN, Site } from './support/site.js'

it('a signed-in request reads no header, asks nobody, and hands on request and response untouched', async () => {
  const site = await Site.open()
  const read: string[] = []
  const own = new Response('own')
  let given: Request | undefined
  const serve = site.withProcore((request) => {
    given = request
    if (request.url.endsWith('/who')) return Response.json(request.procore.user)
    return own
  })
  const { cookie } = await site.signIn(serve)
  const noted = (path: string): Request => {
    const request = new Request(ORIGIN + path, { headers: { cookie } })
    const headers = new Proxy(request.headers, {
      get: (target, name) => (key: string) => {
        read.push(key)
        const value: unknown = Reflect.apply(Reflect.get(target, name), target, [key])
        return value
      },
    })
    return Object.defineProperty(request, 'headers', { value: headers })
  }
  site.procore.ledger.clear()

  const request = noted('/public')
  expect(await serve(request)).toBe(own)
  expect(given).toBe(request)
  expect(read).toEqual([])

  expect(await (await serve(noted('/who'))).json()).toMatchObject({ login: 'jim@example.com' })
  expect(read).toEqual(['cookie'])
  expect(site.procore.ledger.count()).toBe(0)
  await site.procore.close()
})

it('a body that is streamed passes through as it comes', async () => {
  const site = await Site.open()
  const serve = site.withProcore(async ({ procore, url }) => {
    if (url.endsWith('/leave')) await procore.logout()
    const body = new ReadableStream<string>({
      pull: (controller) => controller.enqueue('piece'),
    })
    return new Response(body.pipeThrough(new TextEncoderStream()))
  })
  const browser: Browser = await site.signIn(serve)
  for (const path of ['/stay', '/leave']) {
    const reader = (await browser.send(path)).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('piece')
    await reader?.cancel()
  }
  await site.procore.close()
})
