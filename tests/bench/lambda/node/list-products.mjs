// GET /products in Node: every page of the table as a JSON array.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";

const tables = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export const handler = async () => {
  const products = [];
  let start;
  do {
    const input = { TableName: process.env.PRODUCTS_TABLE, ExclusiveStartKey: start };
    const page = await tables.send(new ScanCommand(input));
    products.push(...page.Items);
    start = page.LastEvaluatedKey;
  } while (start);
  products.sort((a, b) => (a.productId < b.productId ? -1 : 1));
  return {
    statusCode: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(products),
  };
};
