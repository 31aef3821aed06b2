using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace RawSocketChat.Server.Api;

/// <summary>Describes the API in OpenAPI.</summary>
internal static class ApiDescription
{
    private const string TokenScheme = "token";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "RawSocketChat",
                Version = "1",
                Description = "Programs post messages to a room and read its history. In the room, an owner or a moderator creates a token: /tokens create build-server",
            };
            document.AddComponent<IOpenApiSecurityScheme>(TokenScheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token of the room.",
            });
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var (status, response) in operation.Responses ?? [])
                response.Description = DescribeStatus(status);
            return Task.CompletedTask;
        });
        // An id is a string or an integer. No C# type gives a schema with both types.
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonPropertyInfo is { Name: "id" })
                schema.Type = JsonSchemaType.String | JsonSchemaType.Integer;
            return Task.CompletedTask;
        });
    }

    public static void DescribePost(RouteHandlerBuilder endpoint) => endpoint
        .WithTags("messages")
        .WithName("postMessage")
        .WithSummary("Posts a message to the room")
        .WithDescription("201 means that the message is stored. If the token has already used the same id and the server still remembers it (for Data:ClientIdDays days), nothing is posted. Then the answer is 200 with the seq of the first message.")
        .Produces<ApiAck>(StatusCodes.Status201Created)
        .Produces<ApiAck>(StatusCodes.Status200OK)
        .ProducesErrors(StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable)
        .AddOpenApiOperationTransformer(RequireTokenAsync)
        .AddOpenApiOperationTransformer((operation, context, cancel) => AddBodyAsync<ApiPost>(operation, context, "application/json", cancel));

    public static void DescribeHistory(RouteHandlerBuilder endpoint) => endpoint
        .WithTags("messages")
        .WithName("readHistory")
        .WithSummary("Reads a page of the room's history")
        .WithDescription("Without before, after and around, the page has the newest events. The events are in order, oldest first.")
        .Produces<ApiHistory>(StatusCodes.Status200OK)
        .ProducesErrors(StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable)
        .AddOpenApiOperationTransformer(RequireTokenAsync)
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            AddParameter(operation, "before", "0", "The events before this seq.");
            AddParameter(operation, "after", "0", "The events after this seq.");
            AddParameter(operation, "around", "0", "The events on both sides of this seq, and the event itself.");
            AddParameter(operation, "limit", "1", "The maximum number of events. Default 50. The server reduces a limit above 200 to 200.");
            return Task.CompletedTask;
        });

    public static void DescribeHook(RouteHandlerBuilder endpoint) => endpoint
        .WithTags("hooks")
        .WithName("postToHook")
        .WithSummary("Posts a message in the format of Slack's incoming webhooks")
        .WithDescription("The body is the message as JSON, or a form with the JSON in the field payload. The message becomes plain text. The token is the path's last part, so keep the address secret.")
        .Produces<string>(StatusCodes.Status200OK, "text/plain")
        .ProducesErrors(StatusCodes.Status400BadRequest, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable)
        .AddOpenApiOperationTransformer((operation, context, cancel) => AddBodyAsync<ApiSlackMessage>(operation, context, "application/json", cancel))
        .AddOpenApiOperationTransformer((operation, context, cancel) => AddBodyAsync<ApiSlackForm>(operation, context, "application/x-www-form-urlencoded", cancel));

    // Accepts is not used here: its metadata would make the routing reject all other content types, and curl -d sends JSON with the content type of a form.
    private static async Task AddBodyAsync<T>(OpenApiOperation operation, OpenApiOperationTransformerContext context, string type, CancellationToken cancellationToken)
    {
        var schema = await context.GetOrCreateSchemaAsync(typeof(T), parameterDescription: null, cancellationToken);
        var body = operation.RequestBody as OpenApiRequestBody ?? new OpenApiRequestBody { Required = true };
        (body.Content ??= new Dictionary<string, OpenApiMediaType>()).Add(type, new OpenApiMediaType { Schema = schema });
        operation.RequestBody = body;
    }

    private static RouteHandlerBuilder ProducesErrors(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<ApiError>(status, "application/json");
        return endpoint;
    }

    private static Task RequireTokenAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenScheme, context.Document)] = [] }];
        return Task.CompletedTask;
    }

    private static void AddParameter(OpenApiOperation operation, string name, string minimum, string description) =>
        (operation.Parameters ??= []).Add(new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Query,
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = minimum },
        });

    private static string DescribeStatus(string status) => status switch
    {
        "200" => "OK",
        "201" => "The message is stored.",
        "400" => "The request is not valid.",
        "401" => "The request has no valid token of this room.",
        "403" => "The user who created the token is banned from the room.",
        "404" => "The room or the webhook does not exist any more.",
        "408" => "The body came too slowly.",
        "413" => "The body is too big.",
        "429" => "The token or its address has sent too many requests. Retry-After says how many seconds to wait.",
        "503" => "The server cannot store or read data at the moment. Retry-After says how many seconds to wait.",
        _ => status,
    };
}
