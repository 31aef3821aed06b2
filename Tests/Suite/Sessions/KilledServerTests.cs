using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Identities survive a kill of the server process.</summary>
[Category(Categories.Slow)] // kills servers
[Parallelizable(ParallelScope.Self)]
public sealed class KilledServerTests
{
    private const string Password = "my long password";

    [Test]
    public async Task Delivered_tokens_and_registered_names_survive_the_kill()
    {
        using var data = new TemporaryFolder();
        var (http, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        string[] settings = ["--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}", "--Data:Path", data.Path];
        WelcomeFrame guest, account, before;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await using var bob = await LineClient.ConnectAsync(raw);
            before = await bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From(1) });
            account = await bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "bob", Password = Password, Id = FrameId.From(2) });
            await bob.RequestAsync<JoinedFrame>(Join("lobby"));
            await bob.RequestAsync<AckFrame>(Say("hi", id: "x"));
            await using var ann = await ChatClient.ConnectAsync(http, "/ws?name=ann");
            guest = await ann.Inbox.ExpectAsync<WelcomeFrame>();
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(settings);
        (await ResumeAsync(http, guest.Session)).Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && frame.Guest);
        (await ResumeAsync(http, account.Session)).Should().Match<WelcomeFrame>(frame => frame.User == before.User && frame.Name == "bob" && !frame.Guest);
        (await ResumeAsync(http, before.Session)).User.Should().NotBe(before.User, "the registration has ended that token");

        await using var thief = await ChatClient.ConnectAsync(http, "/ws?name=b0b&room=lobby");
        (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken);
        (await thief.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = "Bob", Password = Password, Id = FrameId.From(3) })).User
            .Should().Be(before.User);
        (await thief.RequestAsync<AckFrame>(Say("hi", id: "x"))).Duplicate.Should().BeTrue("the account has the messages that the guest sent");
    }

    private static async Task<WelcomeFrame> ResumeAsync(int port, string session)
    {
        await using var peer = await ChatClient.ConnectAsync(port, $"/ws?session={session}");
        return await peer.Inbox.ExpectAsync<WelcomeFrame>();
    }
}
