using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

internal static class HttpSteps
{
    /// <summary>A room of its own for a test, which the session is in.</summary>
    public static async Task<string> MakeRoomAsync(this HttpAsker asker)
    {
        var room = $"r{Guid.NewGuid():n}";
        (await asker.SendAsync($$"""{"type":"create","room":"{{room}}"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<JoinedFrame>();
        return room;
    }

    /// <summary>Waits until so many requests hold.</summary>
    public static Task AttendedAsync(this ServerUnderTest server, int count) =>
        Patience.UntilAsync(() => server.Services.GetRequiredService<HttpSessions>().AttendedCount >= count, $"{count} requests that wait");
}
