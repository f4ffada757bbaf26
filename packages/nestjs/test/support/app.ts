import 'reflect-metadata'
import type { DynamicModule, INestApplication, Provider, Type } from '@nestjs/common'
import { Controller, Get, Header, Post, Res, UseGuards } from '@nestjs/common'
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { ProcoreAuthOptions, ProcoreContext } from '@procore-auth/core'
import { Procore, ProcoreGuard, ProcoreUser } from '@procore-auth/nestjs'
import type { Simulator } from '@procore-auth/simulator'

/** Both platforms that the package promises to work on. */
export const PLATFORMS = [
  { platform: 'Express', adapter: (): AbstractHttpAdapter => new ExpressAdapter() },
  { platform: 'Fastify', adapter: (): AbstractHttpAdapter => new FastifyAdapter() },
] as const

export type Platform = (typeof PLATFORMS)[number]

export const REDIRECT_URI = 'http://localhost:4567/auth/procore/callback'
export const SECRET = 'canary0 session secret of 32 characters and more'
export const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
export const JSON_ONLY = { accept: 'application/json' }

/** Options for one application of an offline Procore. */
export function optionsFor(
  procore: Simulator,
  redirectUri: string = REDIRECT_URI,
): ProcoreAuthOptions {
  return {
    environment: { loginOrigin: procore.loginOrigin, apiOrigin: procore.apiOrigin },
    clientId: procore.app.clientId,
    clientSecret: procore.app.clientSecret,
    redirectUri,
    secret: SECRET,
  }
}

/** Notes what Nest complains about. */
export class NotingLogger {
  readonly errors: unknown[] = []
  readonly warnings: unknown[] = []

  log(): void {}
  warn(message: unknown): void {
    this.warnings.push(message)
  }
  error(message: unknown): void {
    this.errors.push(message)
  }
}

/** An application that listens. */
export interface App {
  readonly nest: INestApplication
  readonly url: string
  readonly logger: NotingLogger
}

/** What an application consists of besides what every test needs. */
export interface Setup {
  readonly imports: readonly (DynamicModule | Type)[]
  readonly controllers?: readonly Type[]
  readonly providers?: readonly Provider[]
  readonly configure?: (nest: INestApplication) => void
}

/** Starts an application on a free port. */
export async function startApp({ adapter }: Platform, setup: Setup): Promise<App> {
  const logger = new NotingLogger()
  class AppModule {}
  const module: DynamicModule = {
    module: AppModule,
    imports: [...setup.imports],
    controllers: [PagesController, ...(setup.controllers ?? [])],
    providers: [...(setup.providers ?? [])],
  }
  const nest = await NestFactory.create(module, adapter(), { logger, abortOnError: false })
  setup.configure?.(nest)
  await nest.listen(0, '127.0.0.1')
  return { nest, url: await nest.getUrl(), logger }
}

/** A browser with cookies that follows nothing by itself. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  async open(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...PAGE, cookie, ...init.headers }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      if (/max-age=0\b/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }

  async json(url: string): Promise<unknown> {
    return (await this.open(url)).json()
  }

  /** Signs in; returns where it ends. */
  async signIn(
    app: { readonly url: string },
    { procore, login = '/auth/procore/login', user }: SignIn,
  ): Promise<string | null> {
    const redirect = await this.open(app.url + login)
    const asked = new URL(redirect.headers.get('location') ?? '')
    const answer = new URL(
      await procore.authorize({
        state: asked.searchParams.get('state') ?? '',
        redirectUri: asked.searchParams.get('redirect_uri') ?? '',
        user,
      }),
    )
    const callback = await this.open(app.url + answer.pathname + answer.search)
    return callback.headers.get('location')
  }
}

/** Who signs in, where. */
export interface SignIn {
  readonly procore: Simulator
  readonly login?: string
  readonly user?: string
}

@Controller()
class PagesController {
  @Get('who')
  who(@Procore() procore: ProcoreContext, @ProcoreUser() user: ProcoreUser | undefined) {
    return { isAuthenticated: procore.isAuthenticated, login: user?.login ?? null }
  }

  @Get('guarded')
  @UseGuards(ProcoreGuard)
  guarded(@ProcoreUser() user: ProcoreUser) {
    return { login: user.login }
  }

  @Post('guarded')
  @UseGuards(ProcoreGuard)
  post() {
    return { posted: true }
  }

  @Get('me')
  @UseGuards(ProcoreGuard)
  me(@Procore() procore: ProcoreContext): Promise<unknown> {
    return procore.client.get('/rest/v1.0/me')
  }

  @Get('elsewhere')
  async elsewhere(@Procore() procore: ProcoreContext): Promise<unknown> {
    return procore.client.forCompany(1).get('/rest/v1.0/nothing-here')
  }

  @Post('leave')
  @Header('set-cookie', 'own=1; Path=/')
  async leave(@Procore() procore: ProcoreContext) {
    await procore.logout()
    return { isAuthenticated: procore.isAuthenticated }
  }

  @Get('enter')
  enter(@Procore() procore: ProcoreContext, @Res() _res: unknown): void {
    procore.login({ returnTo: '/who' })
  }
}
