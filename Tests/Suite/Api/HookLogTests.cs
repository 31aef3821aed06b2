using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

public sealed class HookLogTests
{
    [Test]
    public async Task Log_never_contains_the_token_of_a_hook_even_at_level_Trace()
    {
        var log = new RecordedLog(LogLevel.Trace);
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(log)),
            "--Logging:LogLevel:Default", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace",
            "--Logging:LogLevel:Microsoft.AspNetCore.Routing.Matching.DfaMatcher", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel", "Trace");
        await using var room = await TokenRoom.CreateAsync(server);
        using var anybody = new HttpTestClient(server.HttpPort);
        (await anybody.PostAsync(room.Hook, """{"text":"x"}""")).Body.Should().Be("ok");
        (await anybody.PostAsync(room.Hook, "{")).Status.Should().Be(400);
        (await anybody.GetAsync(room.Hook)).Status.Should().Be(405);
        (await anybody.PostAsync($"{room.Hook}/more", "{}")).Status.Should().Be(404);
        (await anybody.PostAsync(room.Hook, "{}", ("Origin", "https://other.example"))).Status.Should().Be(400);

        log.Lines.Should().NotBeEmpty().And.NotContain(line => line.Contains(room.Token, StringComparison.OrdinalIgnoreCase));
    }
}
