import { parseBody, questionIn } from './parse-body.js';
import { isRecord } from '../../protocol/is-record.js';
import { type AgentOffers, NO_OFFERS } from '../agent-offers.js';

/** The field that only this question has, among the requests between servers. */
const FIELD = 'offersOf';

/** Returns the body of a request for the offers of a session's agent. The access of the caller has been checked. */
export function encodeOffersQuestion(sessionId: string): string {
  return JSON.stringify({ [FIELD]: sessionId });
}

/** Returns the id of the session whose offers a request asks for; null for every other request. */
export function decodeOffersQuestion(body: string): string | null {
  const id = questionIn(body, FIELD);
  return typeof id === 'string' ? id : null;
}

/** Returns the body of the reply. */
export function encodeOffers(offers: AgentOffers): string {
  return JSON.stringify({ offers });
}

/** Returns the offers in a reply. That of a server of another version has none. */
export function decodeOffers(body: string | null): AgentOffers {
  const sent = body === null ? null : parseBody(body);
  const offers = isRecord(sent) ? sent['offers'] : undefined;
  return isRecord(offers) ? { ...NO_OFFERS, ...offers } : NO_OFFERS;
}
