using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

internal static class HttpSteps
{
    /// <summary>Creates a room for one test, and joins the session to it.</summary>
    public static async Task<string> CreateRoomAsync(this HttpTestClient asker)
    {
        var room = $"r{Guid.NewGuid():n}";
        (await asker.SendAsync($$"""{"type":"create","room":"{{room}}"}""")).Answers.Should().ContainSingle().Which.Should().BeOfType<JoinedFrame>();
        return room;
    }

    /// <summary>Waits until at least this many requests wait for frames.</summary>
    public static Task WaitForWaitingReadsAsync(this ServerUnderTest server, int count) =>
        TestWait.UntilAsync(() => server.Services.GetRequiredService<HttpSessionRegistry>().WaitingReadCount >= count, $"{count} waiting requests");
}
