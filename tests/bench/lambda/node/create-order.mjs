// POST /orders in Node: checks the order, prices it, stores it with the stock that it takes.
import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, DynamoDBDocumentClient, TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";

const tables = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const { PRODUCTS_TABLE, ORDERS_TABLE } = process.env;

const reply = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const handler = async (event) => {
  const { userId, items, total } = JSON.parse(event.body);
  if (typeof userId !== "string" || !Array.isArray(items) || items.length === 0) {
    return reply(400, { error: { code: "InvalidOrder", message: "This is not an order." } });
  }

  const Keys = items.map(({ productId }) => ({ productId }));
  const input = { RequestItems: { [PRODUCTS_TABLE]: { Keys, ConsistentRead: true } } };
  const { Responses } = await tables.send(new BatchGetCommand(input));
  const products = new Map(Responses[PRODUCTS_TABLE].map((p) => [p.productId, p]));
  const cents = items.reduce(
    (sum, line) => sum + Math.round(products.get(line.productId).price * 100) * line.quantity, 0);
  if (cents !== Math.round(total * 100)) {
    return reply(409, { error: { code: "TotalMismatch", message: "The total is wrong." } });
  }

  const orderId = randomUUID();
  const Item = { orderId, userId, items, total, orderDate: Date.now(), status: "PLACED" };
  const put = {
    Put: { TableName: ORDERS_TABLE, Item, ConditionExpression: "attribute_not_exists(orderId)" },
  };
  const takes = items.map(({ productId, quantity }) => ({
    Update: {
      TableName: PRODUCTS_TABLE,
      Key: { productId },
      UpdateExpression: "SET stock = stock - :n",
      ConditionExpression: "stock >= :n",
      ExpressionAttributeValues: { ":n": quantity },
    },
  }));
  await tables.send(new TransactWriteCommand({ TransactItems: [put, ...takes] }));
  return reply(201, { orderId });
};
