import type { IncomingMessage } from 'node:http'
import { Controller, Get } from '@nestjs/common'
import { ProcoreAuthModule } from '@procore-auth/nestjs'
import { createSimulator } from '@procore-auth/simulator'
import { describe, expect, it } from 'vitest'
import { Browser, optionsFor, PLATFORMS, startApp } from './support/app.js'

@Controller()
class PublicController {
  @Get('public')
  get() {
    return { public: true }
  }
}

describe.each(PLATFORMS)('a signed-in request on $platform', (platform) => {
  it('reads no cookie until something touches procore, and then asks nobody', async () => {
    const procore = await createSimulator()
    let read: string[] = []
    const app = await startApp(platform, {
      imports: [ProcoreAuthModule.forRoot(optionsFor(procore))],
      controllers: [PublicController],
      configure: (nest) =>
        nest.use((req: IncomingMessage, _res: unknown, next: () => void) => {
          const noted = new Proxy(req.headers, {
            get: (target, name) => {
              read.push(String(name))
              return Reflect.get(target, name)
            },
          })
          Object.defineProperty(req, 'headers', { value: noted })
          next()
        }),
    })
    const browser = new Browser()
    await browser.signIn(app, { procore })
    procore.ledger.clear()
    read = []
    await browser.json(`${app.url}/public`)
    expect(read).not.toContain('cookie')
    expect(await browser.json(`${app.url}/who`)).toMatchObject({ isAuthenticated: true })
    expect(read.filter((name) => name === 'cookie')).toEqual(['cookie'])
    expect(procore.ledger.count()).toBe(0)
    await app.nest.close()
    await procore.close()
  })
})
