/*
 * An application of NestJS 11. The test compiles it to CommonJS with decorator metadata, as the Nest
 * CLI does, and runs it; it prints what its server answers.
 */
import 'reflect-metadata'
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common'
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
// biome-ignore lint/style/useImportType: the compiler makes the injection token of the type
import {
  Procore,
  ProcoreAuth,
  ProcoreAuthModule,
  type ProcoreContext,
  ProcoreGuard,
  ProcoreUser,
} from '@procore-auth/nestjs'

@Injectable()
class Job {
  readonly auth: ProcoreAuth

  constructor(auth: ProcoreAuth) {
    this.auth = auth
  }
}

@Controller()
class AppController {
  readonly job: Job

  constructor(job: Job) {
    this.job = job
  }

  @Get('who')
  who(@Procore() procore: ProcoreContext) {
    return { isAuthenticated: procore.isAuthenticated, callback: this.job.auth.paths?.callback }
  }

  @Get('guarded')
  @UseGuards(ProcoreGuard)
  guarded(@ProcoreUser() user: ProcoreUser) {
    return { login: user.login }
  }
}

@Module({
  imports: [
    ProcoreAuthModule.forRoot({
      environment: 'sandbox',
      clientId: 'client-1',
      clientSecret: 'secret-1',
      redirectUri: 'http://localhost:4567/auth/procore/callback',
      secret: 'an own secret of 32 characters or more',
    }),
  ],
  controllers: [AppController],
  providers: [Job],
})
class AppModule {}

async function answersOn(adapter: AbstractHttpAdapter): Promise<object> {
  const app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false })
  await app.listen(0, '127.0.0.1')
  const open = async (path: string, accept: string): Promise<object> => {
    const url = (await app.getUrl()) + path
    const answer = await fetch(url, { redirect: 'manual', headers: { accept } })
    const location = answer.headers.get('location')?.split('?')[0]
    return { status: answer.status, location, body: await answer.text() }
  }
  const answers = {
    login: await open('/auth/procore/login', 'text/html'),
    who: await open('/who', 'application/json'),
    page: await open('/guarded', 'text/html'),
    program: await open('/guarded', 'application/json'),
  }
  await app.close()
  return answers
}

async function main(): Promise<void> {
  const express = await answersOn(new ExpressAdapter())
  const fastify = await answersOn(new FastifyAdapter())
  console.log(JSON.stringify({ express, fastify }))
}

void main()
