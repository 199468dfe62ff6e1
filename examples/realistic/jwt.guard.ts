import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { jwtVerify } from 'jose';

/** The key with which tokens are signed. */
export const JWT_KEY = Symbol('jwt-key');

interface RequestWithUser {
  headers: { authorization?: string };
  user?: { id: string };
}

/**
 * Accepts requests with a valid token, and sets `request.user`. The module calls it repeatedly while
 * a stream is open, so the stream ends when the token expires.
 */
@Injectable()
export class JwtGuard implements CanActivate {
  constructor(@Inject(JWT_KEY) private readonly key: Uint8Array) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithUser>();
    const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: ['HS256'],
        audience: 'agents',
        requiredClaims: ['sub', 'exp'],
      });
      request.user = { id: String(payload.sub) };
      return true;
    } catch {
      throw new UnauthorizedException('Send a valid token.'); // the reason is not revealed
    }
  }
}
