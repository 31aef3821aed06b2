using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;

namespace RawSocketChat.Server.Hosting;

/// <summary>The addresses for load balancers and process supervisors.</summary>
public static class HealthSetup
{
    /// <summary>
    /// Answers 200 at <paramref name="live"/> while the process runs. Answers 200 at <paramref name="ready"/> if the server
    /// accepts clients and can store messages, otherwise 503 with the reason. The reason names no file, because everybody can read it.
    /// </summary>
    public static IApplicationBuilder MapHealth(this IApplicationBuilder app, string live, string ready)
    {
        var connections = app.ApplicationServices.GetRequiredService<ConnectionRegistry>();
        var storage = app.ApplicationServices.GetRequiredService<StorageProbe>();
        return app.Use(next => context =>
            !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) ? next(context)
                : context.Request.Path == live ? AnswerAsync(context, fault: null)
                : context.Request.Path == ready ? AnswerReadyAsync(context, connections, storage)
                : next(context));
    }

    private static async Task AnswerReadyAsync(HttpContext context, ConnectionRegistry connections, StorageProbe storage) =>
        await AnswerAsync(context, await FindFaultAsync(connections, storage));

    private static async Task<string?> FindFaultAsync(ConnectionRegistry connections, StorageProbe storage) =>
        connections.Stopping.IsCancellationRequested ? "the server is shutting down"
            : await storage.CanWriteAsync() ? null
            : "the storage cannot write, so messages are rejected; the disk may be full, and the server's log has the reason";

    private static Task AnswerAsync(HttpContext context, string? fault) =>
        context.AnswerTextAsync(fault is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, fault ?? "ok");
}
