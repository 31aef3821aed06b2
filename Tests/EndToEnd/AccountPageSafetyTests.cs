using System.Globalization;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What must not happen to an account at the page: a password said aloud, another name, a log-out that is undone.</summary>
public sealed class AccountPageSafetyTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(" /login ann {0}", "password")]
    [TestCase("\u00a0\n/LOGIN ann {0}", "password")]
    [TestCase("/login ann {0}\nand more", "in one line")]
    [TestCase("  /register ann {0}\n/join lobby", "in one line")]
    [TestCase("""{{"type":"login","name":"ann","password":"{0}"}}""", "isn’t said")]
    [TestCase("""{{"type":"hello","session":"{0}"}}""", "isn’t said")]
    [TestCase("look:\n{{\"type\":\"register\",\"password\":\"{0}\"}}\n", "isn’t said")]
    public async Task A_password_that_was_pasted_amiss_is_not_said(string form, string words)
    {
        const string secret = "open-sesame";
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = AccountSteps.Listen(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");

        await ann.SayAsync(string.Format(CultureInfo.InvariantCulture, form, secret));
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]")).ToContainTextAsync(words);
        await ann.SayAsync("""{"type":"message","text":"a frame without a secret"}""");
        await ann.ExpectMessageAsync("a frame without a secret");
        wire.Should().NotContain(text => text.Contains(secret, StringComparison.Ordinal));
    }

    [Test]
    public async Task No_link_and_no_stale_tab_renames_an_account()
    {
        await using var stale = await ChatPage.JoinAsync(_server.HttpPort, "fool");
        var ann = await ChatPage.OpenAsync(await stale.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_server.HttpPort}/");
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("/nick ann");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
        await AccountSteps.KeepTheNameAsync(ann);
        var user = await AccountSteps.UserOfAsync(ann);
        await AccountSteps.LogOutAsync(ann);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=fool&room=lobby");
        await stale.ExpectInsideAsync("lobby");
        await AccountSteps.LogInAsync(ann, "ann");

        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await ExpectAnnAsync(stale);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=Fool&room=lobby");
        await ExpectAnnAsync(stale);
        await Assertions.Expect(stale.Notices.Filter(new() { HasText = "You’re here as ann. It’s your account" })).ToHaveCountAsync(1);
        await ann.Page.ReloadAsync();
        await ExpectAnnAsync(ann);

        async Task ExpectAnnAsync(ChatPage page)
        {
            await page.ExpectInsideAsync("lobby");
            await Assertions.Expect(page.Page.Locator("#my-name")).ToHaveTextAsync("ann");
            (await AccountSteps.UserOfAsync(page)).Should().Be(user);
        }
    }

    [Test]
    public async Task Who_logs_out_in_one_tab_is_out_in_all_and_stays_out()
    {
        await using var one = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await AccountSteps.KeepTheNameAsync(one);
        var url = $"http://127.0.0.1:{_server.HttpPort}/";
        var two = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await two.ExpectInsideAsync("lobby");
        await AccountSteps.LogOutAsync(one);
        await Assertions.Expect(two.Banner).ToHaveAttributeAsync("data-state", "closed");

        var three = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await Assertions.Expect(three.Page.Locator("#join")).ToBeVisibleAsync();
        await two.Page.ReloadAsync();
        await Assertions.Expect(two.Page.Locator("#join")).ToBeVisibleAsync();
    }
}
