using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Api;

/// <summary>Helper methods for the endpoints of the API.</summary>
internal static class ApiRequests
{
    /// <summary>An example of a valid body, for the hints in errors.</summary>
    public const string PostHint = """{"text":"disk is full"}""";

    /// <summary>
    /// Handles a request, and counts it as a connection of the client's address while it runs. If the storage fails, answers with an error frame.
    /// </summary>
    public static async Task RunAsync(this HttpContext context, ConnectionRegistry connections, Func<AddressAccount, Task> handle)
    {
        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            await context.RejectAddressAsync();
            return;
        }

        try
        {
            await handle(account);
        }
        catch (StorageException fault) when (!context.Response.HasStarted)
        {
            await context.RejectAsync(new ErrorFrame(default, ProgramRequests.CreateUnavailable(fault)));
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    /// <summary>Reads the body. Returns null if the body can't be read. In that case this method has answered the request.</summary>
    public static Task<ReadOnlyMemory<byte>?> ReadAsync(this RequestBody body, HttpEndpoint http) =>
        body.ReadAsync(http.MaxFrameBytes, $"a body has at most {http.MaxFrameBytes} bytes");

    /// <summary>Answers with an error frame. Charges the address for every error except <c>rate-limited</c>.</summary>
    public static Task RejectAsync(this HttpContext context, AddressAccount account, ErrorFrame error)
    {
        if (error.Error.Code != ErrorCode.RateLimited)
            account.Charge(Cost.Error);
        return context.RejectAsync(error, error.Error.Code is ErrorCode.NoRoom ? StatusCodes.Status404NotFound : null);
    }
}
