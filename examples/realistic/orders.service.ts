import { Injectable, Module } from '@nestjs/common';

/** A service of the app. It does not depend on agents. */
@Injectable()
export class OrdersService {
  private readonly orders = new Map([
    ['7', { customer: 'ann', state: 'on its way' }],
    ['8', { customer: 'bob', state: 'delivered' }],
  ]);

  /** Describes an order. Each customer sees only their own orders. */
  find(id: string, customer: string | null): string {
    const order = this.orders.get(id);
    if (order?.customer !== customer) return `You have no order ${id}.`;
    return `Order ${id} is ${order.state}.`;
  }
}

@Module({ providers: [OrdersService], exports: [OrdersService] })
export class OrdersModule {}
